import { describe, expect, test } from 'vitest';
import { observeRounds, type RoundFindings } from '../../../lib/decide/watching/scale-findings.ts';
import type { Finding, Subject } from '../../../lib/model/finding.ts';
import { at, start, states } from './watching-world.ts';

const pool: Subject = { kind: 'pool', region: 'r1', clusterId: 'c1', poolId: 'p1', cluster: 'dev-1', pool: 'workers' };
const late: Finding = { kind: 'pool.late', subject: pool, severity: 'critical', text: 'late' };
const brake = { kind: 'config.brake', subject: { kind: 'config', path: 'safety.brake' } } as const;

function round(patch: Partial<RoundFindings> = {}): RoundFindings {
  const about = {
    region: 'r1',
    shard: { index: 0, count: 1 },
    configHash: 'h',
    isAnswered: true,
    clusters: 1,
    pools: 1,
  };
  return { schema: 1, at: start, ...about, checkedClusters: ['c1'], findings: [], ...patch };
}

const freshSince = at(-15);

describe('what a scaling round says of an incident it makes', () => {
  test.each([
    ['in its findings', [round({ findings: [late] })], ['pool.late bad']],
    ['absent, its cluster checked', [round()], ['pool.late ok']],
    ['absent, its cluster not checked', [round({ checkedClusters: ['c2'] })], []],
    ['an old round', [round({ at: at(-16), findings: [late] })], []],
    ['no round', [], []],
  ] as const)('%s', (_title, rounds, expected) => {
    const known = [{ kind: 'pool.late', subject: pool }] as const;
    expect(states(observeRounds(rounds, known, ['r1'], freshSince))).toEqual(expected);
  });

  test('its time is the round’s, so that one round counts once', () => {
    const [observation] = observeRounds([round({ findings: [late] })], [], ['r1'], freshSince);
    expect(observation).toMatchObject({ at: start });
  });

  test('what the watch alone makes is left to the watch', () => {
    const known = [{ kind: 'pool.error', subject: pool }] as const;
    expect(observeRounds([round()], known, ['r1'], freshSince)).toEqual([]);
  });
});

describe('what is about no cluster is over when every region says so', () => {
  const two = ['r1', 'r2'];
  test.each([
    ['all fresh', [round(), round({ region: 'r2' })], ['config.brake ok']],
    ['one missing', [round()], []],
    ['one unanswered', [round(), round({ region: 'r2', isAnswered: false })], []],
    ['one old', [round(), round({ region: 'r2', at: at(-60) })], []],
    ['a shard missing', [round({ shard: { index: 0, count: 2 } }), round({ region: 'r2' })], []],
  ] as const)('%s', (_title, rounds, expected) => {
    expect(states(observeRounds(rounds, [brake], two, freshSince))).toEqual(expected);
  });
});
