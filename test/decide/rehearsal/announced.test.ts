import { describe, expect, test } from 'vitest';
import type { Announcement } from '../../../lib/decide/announcing/announcement.ts';
import { announcementText, correctionText } from '../../../lib/decide/announcing/announcement-text.ts';
import { rehearse } from '../../../lib/decide/rehearsal/rehearse.ts';
import { drawWorld, tick } from '../../simulation/announcements/announced-world.ts';
import { makeChance } from '../../simulation/chance.ts';
import { finishResizes, hour, minute, round, type World } from '../../support/scaling-world.ts';

const clock = (at: number) => new Date(at).toISOString().slice(11, 16);
/** What only still holds, and how many nodes an autoscaler gave, is not what is compared. */
const bare = (text: string) => text.replace(/; as announced.*/u, '').replaceAll(/ \(\d+ nodes?\)/gu, '');

/** As rounds and the watch say it, one tick after the other. */
function saidIn(world: World, until: number): readonly string[] {
  const said: string[] = [];
  let known: readonly Announcement[] = [];
  let watchedAt: number | undefined;
  for (; world.now < until; world.now += world.config.everyMs) {
    finishResizes(world);
    const ran = tick(world, known, watchedAt);
    known = ran.known;
    watchedAt = world.now;
    said.push(...ran.told.map(({ at, text }) => `${clock(at)} ${bare(text)}`));
  }
  return said.filter((text) => !text.includes('Not as announced'));
}

function rehearsedIn(world: World, until: number): readonly string[] {
  const { config, cluster, record, asks, lookedAt, now } = world;
  const clusters = [{ cluster, pools: world.pools.map((pool) => ({ ...pool })), record, lookedAt }];
  const storedRules = new Map(world.storedRules);
  const { announced } = rehearse({ config, from: now, to: until, clusters, asks, storedRules });
  return announced.map(({ at, boundary, isAddition, pools }) => {
    const told = pools.map((pool) => ({ ...pool, said: 1, saidAt: at }));
    const telling = { now: at, zone: config.destinations[0]?.zone ?? 'UTC', hasSeveralRegions: false };
    const text = isAddition
      ? correctionText({ at: boundary, gone: [], added: told, rest: [] }, telling)
      : announcementText(told, boundary, telling);
    return `${clock(at)} ${bare(text)}`;
  });
}

/** After a first round, with resizes that take what the rehearsal takes them to take. */
function aWorldOf(seed: number): World {
  const world = drawWorld(makeChance(seed, 'rehearsed announcements'));
  world.takes = 10 * minute;
  world.config = { ...world.config, safety: { ...world.config.safety, brake: undefined } };
  round(world);
  const { record } = world;
  const pools = Object.entries(record?.pools ?? {}).map(([id, memory]) => [id, { ...memory, raisesMs: [10 * minute] }]);
  if (record) world.record = { ...record, pools: Object.fromEntries(pools) };
  world.now += world.config.everyMs;
  finishResizes(world);
  return world;
}

test('a rehearsal announces what real rounds announce, minute by minute', () => {
  const differences: string[] = [];
  let said = 0;
  for (let seed = 1; seed <= 25; seed += 1) {
    const until = aWorldOf(seed).now + 8 * hour;
    const [real, rehearsed] = [saidIn(aWorldOf(seed), until), rehearsedIn(aWorldOf(seed), until)];
    said += real.length;
    if (JSON.stringify(real) !== JSON.stringify(rehearsed))
      differences.push(`${seed}: ${real.join(' | ')} instead of ${rehearsed.join(' | ')}`);
  }
  expect(differences).toEqual([]);
  expect(said).toBeGreaterThan(25);
});

describe('when a change comes is told', () => {
  const pool = {
    region: 'r',
    clusterId: 'c',
    cluster: 'dev',
    poolId: 'p',
    pool: 'w',
    from: 4,
    to: 0,
    nodes: 4,
    by: -4,
  };
  const beginning = (at: string, now: string, zone = 'Europe/Berlin') => {
    const telling = { now: Date.parse(now), zone, hasSeveralRegions: false };
    return announcementText([pool], Date.parse(at), telling).split(':').slice(0, 2).join(':');
  };

  test.each([
    ['in minutes up to two hours', '2026-11-24T18:00Z', '2026-11-24T16:00Z', 'At 19:00, in 120 minutes'],
    ['then in hours', '2026-11-24T18:00Z', '2026-11-24T15:00Z', 'At 19:00, in 3 hours'],
    ['and minutes', '2026-11-24T18:00Z', '2026-11-23T17:55Z', 'At Tue 19:00, in 24 hours and 5 minutes'],
    ['and one', '2026-11-24T18:00Z', '2026-11-24T14:59Z', 'At 19:00, in 3 hours and 1 minute'],
    ['as time passes when the clocks go forward', '2027-03-28T01:00Z', '2027-03-28T00:30Z', 'At 03:00, in 30 minutes'],
    ['with the first of two 02:30', '2027-10-31T00:30Z', '2027-10-31T00:00Z', 'At 02:30 CEST, in 30 minutes'],
    ['with the second of them', '2027-10-31T01:30Z', '2027-10-31T00:30Z', 'At 02:30 CET, in 60 minutes'],
    ['plainly where there is one', '2027-10-31T02:00Z', '2027-10-31T01:30Z', 'At 03:00, in 30 minutes'],
    ['plainly before them', '2027-10-30T23:59Z', '2027-10-30T23:29Z', 'At 01:59, in 30 minutes'],
  ])('%s', (_, at, now, text) => {
    expect(beginning(at, now)).toBe(text);
  });

  test('by half an hour, on Lord Howe', () => {
    expect(beginning('2027-04-03T14:30Z', '2027-04-03T14:00Z', 'Australia/Lord_Howe')).toBe(
      'At 01:30 GMT+11, in 30 minutes',
    );
  });
});
