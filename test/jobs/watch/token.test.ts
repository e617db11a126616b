import { expect, test } from 'vitest';
import type { Log } from '../../../lib/io/log.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { makeTokenSource } from '../../../lib/io/secrets/token-source.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { watchClusters } from '../../../lib/jobs/watch/watch-clusters.ts';
import type { WatchParts } from '../../../lib/jobs/watch/watch-round.ts';
import type { Answer } from '../../../lib/model/answer.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';
import { type WatchWorld, watchWorld } from './watch-world.ts';

function withList(world: WatchWorld, answer: Answer<never>, log: Log = silentLog): WatchParts {
  const parts = world.parts();
  return { ...parts, log, mksOf: (region) => ({ ...parts.mksOf(region), listClusters: async () => answer }) };
}

const shut = [
  ['refused', { kind: 'unauthorized', detail: 'answered 401' }],
  ['without its role', { kind: 'forbidden', detail: 'answered 403: no role' }],
  ['missing', { kind: 'not-sent', reason: 'no-token', detail: 'list clusters: env TOKEN is not set' }],
] as const;

test.each(shut)('a region whose token is %s is a problem of the first pass', async (_, answer) => {
  const lines: string[] = [];
  const log = {
    ...silentLog,
    warn: (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`),
  };
  const world = watchWorld();
  const report = await watchClusters(withList(world, answer, log));
  expect(report.problems).toEqual([`region r1: ${answer.detail}`]);
  expect(lines).toEqual([`region cannot be watched ${JSON.stringify({ region: 'r1', reason: answer.detail })}`]);
});

test.each<[string, Answer<never>]>([
  ['does not answer', { kind: 'unknown', reason: 'timeout', detail: 'no answer', maybeApplied: false }],
  ['was not asked in time', { kind: 'not-sent', reason: 'too-late', detail: 'no time left' }],
])('a region that %s is none of them', async (_, answer) => {
  expect((await watchClusters(withList(watchWorld(), answer))).problems).toEqual([]);
});

test('a call that throws is an answer that is not known', async () => {
  const world = watchWorld();
  const parts = () => ({
    ...world.parts(),
    mksOf: (region: string) => ({
      ...world.parts().mksOf(region),
      listClusters: () => Promise.reject(new TypeError('a call that should never throw')),
    }),
  });
  for (let n = 0; n < 4; n += 1) {
    expect(await watchClusters(parts())).toMatchObject({ answered: [], problems: [] });
    world.now += 5 * 60_000;
  }
  const [opened] = (await Promise.all(world.partitions().map((name) => listAll(world.store, name)))).flat();
  expect(opened?.value).toMatchObject({ facts: { what: 'open', kind: 'api.unreachable' } });
  expect(JSON.stringify(opened?.value)).toContain('an unexpected error in the call');
});

test('a token that works only as the previous version of its secret is told, and its end', async () => {
  const world = watchWorld();
  let isPrevious = true;
  const pass = async () => {
    await watchClusters({ ...world.parts(), isTokenPrevious: () => isPrevious });
    world.now += 5 * 60_000;
  };
  for (let n = 0; n < 4; n += 1) await pass();
  expect(await world.outbox()).toContain('ops open token.previous');
  isPrevious = false;
  for (let n = 0; n < 5; n += 1) await pass();
  expect((await world.outbox()).filter((line) => line.endsWith('resolve token.previous')).length).toBeGreaterThan(0);
});

test('a region that does not answer says nothing about the version of its token', async () => {
  const world = watchWorld();
  const passes = async (count: number, isPrevious: boolean) => {
    for (let n = 0; n < count; n += 1) {
      await watchClusters({ ...world.parts(), isTokenPrevious: () => isPrevious });
      world.now += 5 * 60_000;
    }
  };
  await passes(4, true);
  world.isDown = true;
  // A process that has just started has tried no version yet.
  await passes(5, false);
  expect(await world.outbox()).not.toContain('ops resolve token.previous');
});

test('the token source knows which version is in use', async () => {
  const stages = { current: 'refused-token-value-1', previous: 'working-token-value-0' };
  const clock = makeVirtualClock();
  const source = { read: async (stage: 'current' | 'previous') => stages[stage] };
  const parts = { clock, redactor: makeRedactor(), log: silentLog };
  const token = makeTokenSource({ kind: 'awsSecret', name: 'lamplighter/r1' }, source, parts);
  const first = await token.current();
  expect(token.isPrevious()).toBe(false);
  await token.after([first]);
  expect(token.isPrevious()).toBe(true);
  stages.current = 'a-new-token-that-works-2';
  await clock.advance(6 * 60_000);
  await token.current();
  expect(token.isPrevious()).toBe(false);
});
