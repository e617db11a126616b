import { expect, test } from 'vitest';
import { listAnnouncements } from '../../../lib/jobs/records/announcement-records.ts';
import { anAnnouncedNight, announcing, deliveriesIn, saidOf } from '../../support/announced-night.ts';
import { type Night, onlyClusters } from '../../support/night-app.ts';
import { isLong } from '../../support/runs.ts';
import { aMatch, hour } from '../../support/scaling-world.ts';

const day = '2026-03-02';
const from = `${day}T18:05:00Z`;
const links = {
  url: 'https://lamp.example.org',
  secrets: [{ kind: 'env', name: 'LINKS' }],
  mostMs: 14 * hour,
  choices: [{ kind: 'for', ms: 2 * hour }],
} as const;
const digest = { to: ['dev-chat'], weekday: 1, seconds: 18 * 3600 + 20 * 60 } as const;
const fleet = onlyClusters('dev-api', 'dev-batch', 'prod-web');
const rules = [announcing({ match: aMatch('dev-*/*') })];

const partsOf = (count: number) => Array.from({ length: count }, (_, index) => ({ index, count }));

/** All parts of scaling, then all of the watch, each of them twice at once. */
async function ticksInParts(night: Night, count: number, until: string): Promise<void> {
  const shards = partsOf(count).flatMap((shard) => [shard, shard]);
  while (night.clock.now() < Date.parse(until)) {
    await Promise.all(shards.map((shard) => night.app.scale(night.config, { shard })));
    await Promise.all(shards.map((shard) => night.app.watch(night.config, undefined, undefined, { shard })));
    await night.clock.advance(night.config.everyMs);
  }
}

async function linksOf(night: Night): Promise<readonly string[]> {
  return (await deliveriesIn(night.store)).flatMap(({ facts }) => (facts.links ?? []).map(({ label }) => label));
}

test.each(isLong ? [1, 2, 3, 5] : [1, 5])(
  '%i parts of the watch tell each change and each week once, with its links',
  async (count) => {
    const night = anAnnouncedNight(from, { rules, links, digest }, { fleet, env: { LINKS: 'x' } });
    await ticksInParts(night, count, `${day}T19:40:00Z`);
    expect(await saidOf(night)).toEqual([
      expect.stringMatching(/^18:25 At 19:00 UTC, in 35 minutes: 4 pools go down by \d+ nodes \(/),
    ]);
    expect(await linksOf(night)).toEqual(['2 hours more']);
    expect(await deliveriesIn(night.store, 'digest')).toHaveLength(1);
    const [announcement] = await listAnnouncements(night.store, night.clock.now());
    const ended = announcement?.announcement.pools.map(({ ended: how }) => how?.how);
    expect(ended).toEqual(['done', 'done', 'done', 'done']);
  },
);
