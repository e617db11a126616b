import { expect, test } from 'vitest';
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
