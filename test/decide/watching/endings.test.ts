import { describe, expect, test } from 'vitest';
import { endings, isRuled } from '../../../lib/decide/watching/end-dates.ts';
import { withIncidentSubjects } from '../../../lib/decide/watching/watch-memory.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import type { FindingKind, Subject } from '../../../lib/model/finding.ts';
import { at, start } from './watching-world.ts';

const everything = { text: '*', region: undefined, cluster: '.*', pool: undefined, exactPool: false };
const prod = { ...everything, text: 'prod-*', cluster: 'prod-.*' };
const config = {
  regions: [{ name: 'r1' }],
  destinations: [
    { name: 'ops', retired: false },
    { name: 'tired', retired: true },
  ],
  watch: { clusters: 'all' },
  rules: [
    { match: prod, schedule: undefined },
    { match: everything, schedule: 'office' },
  ],
} as unknown as CompiledConfig;

const cluster = { kind: 'cluster', region: 'r1', clusterId: 'c1', cluster: 'dev-1' } as const;
const pool = { ...cluster, kind: 'pool', poolId: 'p1', pool: 'workers' } as const;
const round = {
  schema: 1,
  at: start,
  region: 'r1',
  shard: { index: 0, count: 1 },
  configHash: 'h',
  isAnswered: true,
  clusters: 1,
  pools: 1,
  checkedClusters: [],
  findings: [],
} as const;

describe('an incident ends because', () => {
  const rows: readonly (readonly [string, FindingKind, Subject, string | undefined])[] = [
    [
      'its region left the config',
      'api.refused',
      { kind: 'region', region: 'r2' },
      'the region was removed from the config',
    ],
    [
      'its cluster’s region did',
      'cluster.error',
      { ...cluster, region: 'r2' },
      'the region was removed from the config',
    ],
    ['its cluster is gone', 'cluster.error', { ...cluster, clusterId: 'gone' }, 'the cluster is gone'],
    ['its pool’s cluster is gone', 'pool.error', { ...pool, clusterId: 'gone' }, 'the cluster is gone'],
    ['its pool is gone', 'pool.error', { ...pool, poolId: 'gone-pool' }, 'the node pool is gone'],
    [
      'its destination left the config',
      'destination.broken',
      { kind: 'destination', destination: 'old' },
      'the destination was removed from the config',
    ],
    [
      'its destination was retired',
      'destination.broken',
      { kind: 'destination', destination: 'tired' },
      'the destination was retired',
    ],
    [
      'its secret did',
      'token.expiry',
      { kind: 'secret', reference: 'env OLD' },
      'the config no longer names this secret',
    ],
    [
      'no rule names its pool',
      'pool.late',
      { ...pool, cluster: 'prod-1' },
      'no rule of the config matches it any more',
    ],
    ['nothing, while a rule names its pool', 'pool.late', pool, undefined],
    ['nothing, for what the watch sees itself', 'pool.error', { ...pool, cluster: 'prod-1' }, undefined],
    ['nothing, while all is there', 'cluster.error', cluster, undefined],
    ['nothing, for a known secret', 'token.expiry', { kind: 'secret', reference: 'env TOKEN' }, undefined],
    ['nothing, for the config', 'config.brake', { kind: 'config', path: 'safety.brake' }, undefined],
  ];
  test.each(rows)('%s', (_title, kind, subject, cause) => {
    const gone = new Map([
      ['r1\ngone', 'the cluster is gone'],
      ['r1\ngone-pool', 'the node pool is gone'],
    ]);
    const ending = { config, now: start, gone, references: ['env TOKEN'], freshRounds: [round] };
    const ended = endings([{ kind, subject }], ending);
    expect(ended).toEqual(cause === undefined ? [] : [{ kind, subject, state: 'over', at: start, cause }]);
  });
});

test('the first rule that matches says whether a pool is scaled', () => {
  expect(isRuled(config, { region: 'r1', cluster: 'prod-1', pool: 'workers' })).toBe(false);
  expect(isRuled(config, { region: 'r1', cluster: 'dev-1', pool: 'workers' })).toBe(true);
});

test('what has an incident is remembered, also when the memory was lost', () => {
  const memory = withIncidentSubjects({ region: 'r1', clusters: [] }, [{ kind: 'pool.error', subject: pool }], at(0));
  expect(memory.clusters).toMatchObject([{ id: 'c1', name: 'dev-1', pools: [{ id: 'p1', name: 'workers' }] }]);
  expect(
    withIncidentSubjects({ region: 'r2', clusters: [] }, [{ kind: 'pool.error', subject: pool }], at(0)).clusters,
  ).toEqual([]);
});
