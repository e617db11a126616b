import type { IntakeContext } from '../../../lib/decide/intake/judge-ask.ts';
import type { EventSourceConfig, Match, RegionConfig, Rule } from '../../../lib/model/config.ts';

/** The instant of all samples: Monday 2026-11-23 08:30 UTC. */
export const now = Date.UTC(2026, 10, 23, 8, 30);
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** "r1:prod-*\/workers" as the compiled config holds it. */
export function makeMatch(text: string): Match {
  const [, region, cluster = '', pool] = /^(?:([^:]+):)?([^/]+)(?:\/(.+))?$/u.exec(text) ?? [];
  const source = (part: string) => part.replaceAll('*', '[^/]*');
  const isExact = !text.includes('*');
  return { text, region, cluster: source(cluster), pool: pool && source(pool), exactPool: isExact };
}

export function makeRule(match: string, patch: Partial<Rule> = {}): Rule {
  return {
    match: makeMatch(match),
    position: { file: 'lamplighter.yml', line: 1 },
    schedule: 'office-hours',
    base: 3,
    idle: 0,
    limits: { min: 0, max: undefined },
    leases: { max: undefined, longestMs: 8 * hourMs },
    mode: 'act',
    onHumanChange: 'respect',
    onRemove: 'restore',
    graceMs: 30 * minuteMs,
    lead: { kind: 'none' },
    hash: match,
    ...patch,
  };
}

export const rules: readonly Rule[] = [
  makeRule('mgmt/*', { schedule: undefined }),
  makeRule('ml/gpu', { base: { min: 0, max: 4 }, leases: { max: 8, longestMs: 8 * hourMs } }),
  makeRule('ml/gpu2'),
  makeRule('prod-*/workers', { base: { min: 3, max: 9 }, idle: { min: 1, max: 3 } }),
  makeRule('twin/gpu'),
  makeRule('old/remembered', { base: 'remembered' }),
];

export const regions: readonly RegionConfig[] = ['r1', 'r2'].map((name) => ({
  name,
  url: `https://${name}.example/api/v1`,
  mksRegion: undefined,
  token: { kind: 'env', name: 'TOKEN' },
}));

export function makeSource(patch: Partial<EventSourceConfig> = {}): EventSourceConfig {
  return {
    name: 'ci',
    kind: 'json',
    secrets: [{ kind: 'env', name: 'CI_SECRET' }],
    queue: undefined,
    when: undefined,
    pool: undefined,
    atLeast: undefined,
    forMs: undefined,
    may: ['r1:ml/*', 'r1:mgmt/*', 'r1:old/*', 'twin/*'].map(makeMatch),
    most: undefined,
    longestMs: undefined,
    ...patch,
  };
}

/** The sources that the samples in events/ are written for. */
export const sources = {
  ci: makeSource(),
  cloudevents: makeSource({ name: 'cloudevents', kind: 'cloudevents' }),
  'queue-depth': makeSource({
    name: 'queue-depth',
    kind: 'alertmanager',
    when: { alertname: 'QueueDeep' },
    pool: ['prod-', { label: 'cluster' }, '/workers'],
    atLeast: 6,
    forMs: 2 * hourMs,
    may: [makeMatch('r1:prod-*/workers')],
  }),
  scenes: makeSource({
    name: 'scenes',
    kind: 'eventbridge',
    secrets: [],
    queue: 'lamplighter-scenes',
    when: { source: ['aws.s3'], 'detail-type': ['Object Created'], detail: { bucket: { name: ['scenes-incoming'] } } },
    pool: ['ml/gpu'],
    atLeast: 4,
    forMs: hourMs,
  }),
  pipeline: makeSource({
    name: 'pipeline',
    kind: 'eventbridge',
    secrets: [],
    when: { source: ['aws.codepipeline'], detail: { pipeline: ['train'], state: ['STARTED'] } },
    pool: ['ml/gpu'],
    atLeast: 2,
    forMs: 3 * hourMs,
  }),
} as const;

export function makeContext(source: EventSourceConfig = sources.ci, at = now): IntakeContext {
  return { source, config: { regions, rules }, now: at };
}
