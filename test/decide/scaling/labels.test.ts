import { describe, expect, test } from 'vitest';
import type { CompiledConfig, Rule } from '../../../lib/model/config.ts';
import type { Labels } from '../../../lib/model/match.ts';
import {
  aConfig,
  aMatch,
  aPool,
  aRule,
  at,
  aWorld,
  change,
  hour,
  knownRules,
  memoryOf,
  officeHours,
  round,
  runUntil,
  sizeOf,
  usualBrake,
  type World,
} from '../../support/scaling-world.ts';

const awake = { ...officeHours, name: 'awake', windows: [], otherwise: 'base' as const };

/** Pools of team data stay up; all others of the cluster keep office hours. */
function aLabelled(patch: Partial<CompiledConfig> = {}, general: Partial<Rule> = {}): CompiledConfig {
  const match = { ...aMatch('dev/*'), labels: { team: 'data' }, labelText: '{ team: data }' };
  return aConfig({
    schedules: [officeHours, awake],
    rules: [aRule({ match, schedule: 'awake', hash: 'rule-data' }), aRule({ hash: 'rule-all', ...general })],
    ...patch,
  });
}

function world(labels: Labels | undefined, config = aLabelled(), now = '2026-03-02T12:00:00Z'): World {
  return aWorld(now, [aPool('workers', 3, { labels })], { config, storedRules: knownRules(config) });
}

const night = '2026-03-02T22:00:00Z';

test.each<[string, Labels, number]>([
  ['the label', { team: 'data' }, 3],
  ['the label among others', { team: 'data', 'example.org/tier': 'x' }, 3],
  ['no label', {}, 0],
  ['another value', { team: 'web' }, 0],
  ['another letter case', { team: 'Data' }, 0],
  ['another case of the key', { Team: 'data' }, 0],
  ['an empty value', { team: '' }, 0],
])('a pool with %s at night', (_title, labels, size) => {
  const one = world(labels);
  runUntil(one, night);
  expect(sizeOf(one, 'workers')).toBe(size);
});

describe('an answer without labels', () => {
  test('changes no rule: those seen last still count', () => {
    const one = world({ team: 'data' });
    runUntil(one, '2026-03-02T18:00:00Z');
    change(one, 'id-workers', { labels: undefined });
    runUntil(one, night);
    expect(sizeOf(one, 'workers')).toBe(3);
    expect(memoryOf(one, 'workers')).toMatchObject({ labels: { team: 'data' }, ruleHash: 'rule-data' });
  });

  test('nor that of a pool without the label', () => {
    const one = world({});
    runUntil(one, '2026-03-02T18:00:00Z');
    change(one, 'id-workers', { labels: undefined });
    runUntil(one, night);
    expect(sizeOf(one, 'workers')).toBe(0);
  });

  test('from the first on leaves the pool alone, and says so', () => {
    const one = world(undefined);
    const plans = runUntil(one, night);
    expect(one.puts).toEqual([]);
    expect(plans.at(-1)?.plan).toMatchObject({
      holds: [{ code: 'ambiguous', reason: expect.stringContaining('asks for { team: data }') }],
      findings: [{ kind: 'pool.unclear', text: expect.stringContaining('the API gives no labels for dev/workers') }],
    });
  });

  test('loses no base of a pool whose memory is from before labels were asked for', () => {
    const before = aConfig({ rules: [aRule({ hash: 'rule-all' })] });
    const one = world(undefined, before);
    runUntil(one, '2026-03-02T20:00:00Z');
    expect(sizeOf(one, 'workers')).toBe(0);
    one.config = aLabelled();
    runUntil(one, '2026-03-02T21:00:00Z');
    expect(sizeOf(one, 'workers')).toBe(0);
    expect(memoryOf(one, 'workers')?.away).toMatchObject({ base: 3 });
    change(one, 'id-workers', { labels: {} });
    expect(sizeOf(one, 'workers')).toBe(0);
    runUntil(one, '2026-03-03T08:00:00Z');
    expect(sizeOf(one, 'workers')).toBe(3);
  });
});

describe('a label that goes', () => {
  test('brakes the lowers that only that explains, when they are many', () => {
    const config = aLabelled({ safety: { ...aConfig().safety, brake: usualBrake } });
    const one = world({ team: 'data' }, config, night);
    for (const [hash, rule] of one.storedRules)
      one.storedRules.set(hash, { ...rule, knownSince: at('2026-02-01T00:00:00Z') });
    runUntil(one, '2026-03-02T22:10:00Z');
    change(one, 'id-workers', { labels: {} });
    expect(round(one).holds).toMatchObject([{ code: 'brake' }]);
    runUntil(one, '2026-03-03T05:00:00Z');
    expect(sizeOf(one, 'workers')).toBe(3);
  });

  test('and no rule is left: the pool gets its base back, and is forgotten', () => {
    const match = { ...aMatch('dev/*'), labels: { team: 'd*' }, labelText: '{ team: d* }' };
    match.labels.team = 'd[^/]*?';
    const one = world({ team: 'data' }, aConfig({ rules: [aRule({ match })] }));
    runUntil(one, night);
    expect(sizeOf(one, 'workers')).toBe(0);
    change(one, 'id-workers', { labels: { other: 'x' } });
    runUntil(one, '2026-03-02T23:00:00Z');
    expect(sizeOf(one, 'workers')).toBe(3);
    expect(memoryOf(one, 'workers')).toBeUndefined();
    change(one, 'id-workers', { labels: undefined });
    runUntil(one, '2026-03-03T03:00:00Z');
    expect(sizeOf(one, 'workers')).toBe(3);
  });
});

test('only labels that rules ask for are remembered', () => {
  const one = world({ team: 'data', a: '1', b: '2' });
  round(one);
  expect(memoryOf(one, 'workers')?.labels).toEqual({ team: 'data' });
  const plain = world({ team: 'data' }, aConfig());
  round(plain);
  expect(memoryOf(plain, 'workers')).not.toHaveProperty('labels');
});

test('a lease reaches a pool that a label chooses', () => {
  const one = world({ team: 'data' }, aLabelled(), night);
  one.asks = [
    {
      schema: 1,
      kind: 'lease',
      id: 'l',
      region: 'r1',
      who: 'a',
      reason: undefined,
      match: aMatch('dev/*'),
      atLeast: 3,
      askedAt: at(night),
      time: at(night),
      until: at(night) + hour,
    },
  ];
  round(one);
  expect(one.puts).toEqual([]);
});
