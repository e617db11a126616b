import { describe, expect, test } from 'vitest';
import { isPersonsChange, noticeOfBase, takePersonsChange } from '../../../lib/decide/scaling/manual-changes.ts';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { PoolInput } from '../../../lib/decide/scaling/pool-view.ts';
import { makeTimeline } from '../../../lib/decide/schedule/timeline.ts';
import type { PoolAsks } from '../../../lib/model/asks.ts';
import type { Schedule } from '../../../lib/model/schedule.ts';
import { anOverride, aPool, aRule, at, aWorld, hour, minute, officeHours } from '../../support/scaling-world.ts';

const now = at('2026-03-02T22:00:00Z');
const edge = at('2026-03-02T19:00:00Z');
const opening = at('2026-03-03T07:00:00Z');
const { cluster } = aWorld('2026-03-02T22:00:00Z', []);
const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: 'id-a', pool: 'a' };
const noAsks: PoolAsks = { override: undefined, leases: [], pause: undefined, fingerprint: '' };
const overrideUntil = (until: string): PoolAsks => ({
  ...noAsks,
  override: anOverride(5, '2026-03-02T10:00:00Z', until),
});
const leave: Schedule = { ...officeHours, otherwise: 'leave' };
const always: Schedule = { ...officeHours, windows: [] };

type Given = Partial<PoolInput> & { readonly schedule?: Schedule };

function anInput({ schedule = officeHours, ...patch }: Given = {}): PoolInput {
  const timeline = makeTimeline(schedule, [], now);
  const common = { now, names, cluster, pool: aPool('a', 2), rule: aRule(), scheduleName: 'office-hours', timeline };
  const none = { memory: undefined, inFlight: undefined, evidence: undefined, leadMs: 0, lookedAt: now - minute };
  return { ...common, ...none, asks: noAsks, ...patch };
}

function aMemory(patch: Partial<PoolMemory> = {}): PoolMemory {
  return { name: 'a', autoscale: false, seen: { size: 0, at: 7 }, ...patch };
}

const taken = (given: Given = {}, memory: Partial<PoolMemory> = {}, scheduled: number | undefined = 0) =>
  takePersonsChange(anInput(given), aMemory(memory), 2, scheduled);

describe('a size set by hand', () => {
  test('is kept until the schedule says something else', () => {
    const kept = { size: 2, since: now, until: opening };
    expect(taken()).toEqual({
      memory: { ...aMemory(), kept, foreign: [now], reachedAt: now },
      kept,
      notice: {
        kind: 'pool.changed-by-hand',
        subject: { kind: 'pool', ...names },
        text: 'dev/a was changed from 0 to 2 by somebody else; kept until 2026-03-03T07:00:00Z',
        at: now,
        facts: { before: '0', after: '2' },
      },
    });
  });

  test.each<[string, Given, Partial<PoolMemory>, number | undefined]>([
    ['for a day at most', { schedule: always }, {}, now + 24 * hour],
    ['beyond the boundary it was raised for', {}, { ahead: opening }, opening + 12 * hour],
    ['not while it is put back at once', { rule: aRule({ onHumanChange: 'enforce' }) }, {}, undefined],
    ['not under an override alone', { schedule: leave, asks: overrideUntil('2026-03-03T00:00:00Z') }, {}, undefined],
    ['under an override beside a schedule', { asks: overrideUntil('2026-03-03T00:00:00Z') }, {}, opening],
    ['while it is left', { schedule: leave }, {}, opening],
  ])('is kept %s', (_, given, memory, until) => {
    const { kept, memory: after } = taken(given, memory);
    expect([kept?.until, after.kept?.until]).toEqual([until, until]);
    expect(after.reachedAt).toBe(until === undefined ? undefined : now);
  });

  test('that the schedule wants is not kept, and reached', () => {
    const { kept, memory } = taken({}, { kept: { size: 1, since: 7, until: opening } }, 2);
    expect([kept, memory.kept, memory.reachedAt]).toEqual([undefined, undefined, now]);
  });

  test('is one of the last three', () => {
    expect(taken({}, { foreign: [1, 2, 3] }).memory.foreign).toEqual([2, 3, now]);
  });

  test.each<[string, Given, number | undefined, string]>([
    [
      'is put back',
      { rule: aRule({ onHumanChange: 'enforce' }) },
      0,
      'it is changed back, since its rule says enforce',
    ],
    ['is wanted', {}, 2, 'that is what the schedule says'],
    ['is left', { schedule: leave }, 2, 'the schedule leaves it as it is'],
    [
      'is overridden, and left',
      { schedule: leave, asks: overrideUntil('2026-03-03T00:00:00Z') },
      0,
      'the override by ana@desk beats it until 2026-03-03T00:00:00Z, and the size that it sets stays',
    ],
    [
      'is overridden for a while',
      { asks: overrideUntil('2026-03-03T00:00:00Z') },
      0,
      'the override by ana@desk beats it until 2026-03-03T00:00:00Z, then it is kept until 2026-03-03T07:00:00Z',
    ],
    [
      'is overridden to its end',
      { asks: overrideUntil('2026-03-03T07:00:00Z') },
      0,
      'the override by ana@desk beats it until 2026-03-03T07:00:00Z',
    ],
  ])('%s, and that is said', (_, given, scheduled, then) => {
    expect(taken(given, {}, scheduled).notice.text).toBe(`dev/a was changed from 0 to 2 by somebody else; ${then}`);
  });

  test.each<[string, Partial<PoolMemory>]>([
    ['nobody knows from what', { seen: undefined }],
    ['it is the same', { seen: { size: 2, at: 7 } }],
  ])('is named alone, where %s', (_, memory) => {
    const kept = 'kept until 2026-03-03T07:00:00Z';
    expect(taken({}, memory).notice.text).toBe(`dev/a was changed to 2 by somebody else; ${kept}`);
  });

  test.each([
    [2, 'that is its base'],
    [3, 'that is its base from now on'],
    [undefined, 'that is its base from now on'],
  ])('may be its base, where that was %s', (base, then) => {
    const { text } = noticeOfBase(anInput(), aMemory(base === undefined ? {} : { base }), 2);
    expect(text).toBe(`dev/a was changed from 0 to 2 by somebody else; ${then}`);
    expect(noticeOfBase(anInput(), aMemory({ seen: undefined }), 2).facts).toEqual({ before: 'unknown', after: '2' });
  });
});

test.each<[string, Given, Partial<PoolMemory>, boolean]>([
  ['another size since the last look', {}, {}, true],
  ['the same size', {}, { seen: { size: 2, at: 7 } }, false],
  ['the first size', {}, { seen: undefined }, false],
  ['our late change', {}, { notApplied: { target: 2, count: 1, at: now } }, false],
  ['another size since before the edge', { lookedAt: edge - 1 }, {}, false],
  ['another size after it was reached', { lookedAt: edge - 1 }, { reachedAt: edge }, true],
  ['what a change ended in', { evidence: 'superseded' }, { seen: { size: 2, at: 7 } }, true],
  ['what a change of before the edge ended in', { evidence: 'undone', lookedAt: edge - 1 }, { reachedAt: edge }, false],
])('a person’s change is %s', (_, given, memory, expected) => {
  expect(isPersonsChange(anInput(given), aMemory(memory), 2)).toBe(expected);
});
