import { describe, expect, test } from 'vitest';
import { historyOf } from '../../../lib/decide/outbox/delivery-log.ts';
import { listAnnouncements } from '../../../lib/jobs/records/announcement-records.ts';
import { putAsk } from '../../../lib/jobs/records/ask-records.ts';
import { deliveryDelete, historyWrite, loadOutbox } from '../../../lib/jobs/records/delivery-records.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import {
  aChat,
  anAnnouncedNight,
  announceTo,
  announcing,
  deliveriesIn,
  saidOf,
  tick,
  ticks,
} from '../../support/announced-night.ts';
import { type Night, onlyClusters } from '../../support/night-app.ts';
import { aMatch, aPause, at } from '../../support/scaling-world.ts';

const day = '2026-03-02';
const first =
  '18:25 At 19:00 UTC, in 35 minutes: 2 pools go down by 5 nodes (dev-api/workers 3 → 0, dev-api/build 2 → 0)';

/** Rounds of scaling alone: the watch is off. */
async function rounds(night: Night, until: string): Promise<void> {
  while (night.clock.now() < at(`${day}T${until}:00Z`)) {
    await night.app.scale(night.config);
    await night.clock.advance(night.config.everyMs);
  }
}

let configs = 1;

function change(night: Night, patch: Partial<CompiledConfig>): void {
  night.config = { ...night.config, ...patch, hash: `config-${(configs += 1)}` };
}

/** What waits arrives. */
async function arrives(night: Night): Promise<void> {
  for (const { destination } of await deliveriesIn(night.store))
    for (const stored of (await loadOutbox(night.store, destination)).deliveries) {
      const end = historyOf(stored.delivery, { state: 'confirmed', at: night.clock.now() });
      await night.store.commit([deliveryDelete(stored), historyWrite(end, night.config.keepMs)]);
    }
}

/** Told at 18:25 that both pools of dev-api go down at 19:00. */
async function anEvening(patch: Partial<CompiledConfig> = {}): Promise<Night> {
  const destinations = [aChat('dev-chat'), aChat('ops')];
  const night = anAnnouncedNight(
    `${day}T18:10:00Z`,
    { destinations, ...patch },
    { fleet: onlyClusters('dev-api', 'prod-web') },
  );
  await ticks(night, `${day}T18:35:00Z`);
  expect(await saidOf(night)).toEqual([first]);
  await arrives(night);
  return night;
}

async function endsOf(night: Night): Promise<readonly (string | undefined)[]> {
  const [known] = await listAnnouncements(night.store, night.clock.now());
  return known?.announcement.pools.map(({ ended }) => ended?.how) ?? [];
}

const { announce: _, ...quiet } = announcing({ hash: 'quiet' });
const elsewhere = announcing({
  match: aMatch('prod-web/*'),
  announce: { ...announceTo, to: ['ops'] },
  hash: 'elsewhere',
});
const noRule = 'no rule with a schedule matches it any more';

describe('a change whose rule left the config is taken back once', () => {
  test.each<[what: string, left: Partial<CompiledConfig>, evening: Partial<CompiledConfig>]>([
    ['and no rule is left', { rules: [] }, {}],
    ['and others announce', { rules: [elsewhere] }, {}],
    ['and others do not announce', { rules: [{ ...quiet, match: aMatch('prod-web/*') }] }, {}],
    ['and leaves its pools as they are', { rules: [] }, { rules: [announcing({ onRemove: 'leave' })] }],
  ])('%s, whichever round the watch sees', async (_, left, evening) => {
    for (const off of ['18:35', '18:40', '18:50']) {
      const night = await anEvening(evening);
      change(night, left);
      await rounds(night, off);
      await ticks(night, `${day}T19:10:00Z`);
      const said = (await saidOf(night)).filter((text) => text.includes('dev-api'));
      expect(said).toEqual([
        `${off} Changed, for 19:00 UTC: 2 pools (dev-api/workers, dev-api/build) do not go down: ${noRule}`,
      ]);
    }
  });

  test('after hours without the watch', async () => {
    const night = await anEvening();
    change(night, { rules: [] });
    await rounds(night, '20:30');
    await ticks(night, `${day}T21:30:00Z`);
    expect(await saidOf(night)).toEqual([
      `20:30 Not as announced for 19:00 UTC: 2 pools (dev-api/workers, dev-api/build) did not go down: ${noRule}`,
    ]);
  });

  test('also where its cluster is on its way out', async () => {
    const night = await anEvening();
    night.world.showClusterStatus('dev-api', 'Deleting');
    await rounds(night, '18:50');
    await ticks(night, `${day}T19:30:00Z`);
    expect(await saidOf(night)).toEqual([expect.stringContaining('do not go down: the cluster is being deleted')]);
  });

  test('also where its region left', async () => {
    const night = await anEvening();
    change(night, { regions: night.config.regions.map((region) => ({ ...region, name: 'r2' })) });
    await rounds(night, '18:50');
    await ticks(night, `${day}T19:30:00Z`);
    expect((await saidOf(night))[0]).toContain('do not go down: its region is no longer in the config');
  });
});

describe('a change that happened is not taken back', () => {
  test.each<[string, Partial<CompiledConfig>]>([
    ['its rule left after it', { rules: [] }],
    ['its rule left after it, and others announce', { rules: [elsewhere] }],
  ])('where %s, while the watch was off', async (_, patch) => {
    const night = await anEvening();
    await rounds(night, '19:20');
    change(night, patch);
    await rounds(night, '20:30');
    await ticks(night, `${day}T21:30:00Z`);
    expect(await saidOf(night)).toEqual([]);
    expect(await endsOf(night)).toEqual(['done', 'done']);
  });

  test('where somebody woke the pools again, while the watch was off', async () => {
    const night = await anEvening();
    await rounds(night, '19:20');
    for (const pool of ['workers', 'build']) night.world.personResizes(`dev-api/${pool}`, { size: 2 });
    await rounds(night, '20:30');
    await ticks(night, `${day}T21:30:00Z`);
    expect(await saidOf(night)).toEqual([]);
  });

  test('where its rule left, which gave it that size', async () => {
    const raises = { ...announceTo, raises: true };
    const night = await anEvening({ rules: [announcing({ announce: raises })] });
    await ticks(night, `${day}T19:15:00Z`);
    await night.clock.advance(at('2026-03-03T06:20:00Z') - night.clock.now());
    await ticks(night, '2026-03-03T06:45:00Z');
    expect((await saidOf(night)).at(-1)).toContain('At 07:00 UTC');
    const told = (await saidOf(night)).length;
    change(night, { rules: [] });
    for (let i = 0; i < 12; i += 1) {
      await night.app.scale(night.config);
      await night.clock.advance(night.config.everyMs);
    }
    await ticks(night, '2026-03-03T09:30:00Z');
    expect(await saidOf(night)).toHaveLength(told);
  });
});

describe('a change that is no longer announced is still followed', () => {
  const pauseAt = (night: Night) => aPause(new Date(night.clock.now()).toISOString(), `${day}T23:30:00Z`);

  test.each([
    ['half an hour', announceTo.beforeMs],
    ['six hours', 12 * announceTo.beforeMs],
  ])('to its end, where it was announced %s before', async (_, beforeMs) => {
    const night = anAnnouncedNight(`${day}T12:00:00Z`, {
      rules: [announcing({ announce: { ...announceTo, beforeMs } })],
    });
    await ticks(night, `${day}T13:10:00Z`);
    if (beforeMs === announceTo.beforeMs) await ticks(night, `${day}T18:35:00Z`);
    change(night, { rules: [quiet] });
    await tick(night);
    await arrives(night);
    await rounds(night, '18:45');
    await ticks(night, `${day}T19:30:00Z`);
    expect(await saidOf(night)).toEqual([]);
    expect(await endsOf(night)).toEqual(['done', 'done']);
  });

  test('and taken back, if it is held since', async () => {
    const night = await anEvening();
    change(night, { rules: [quiet] });
    await rounds(night, '18:50');
    await tick(night);
    await putAsk(night.store, pauseAt(night), 0);
    await rounds(night, '19:10');
    await ticks(night, `${day}T21:30:00Z`);
    expect(await saidOf(night)).toEqual([expect.stringContaining('did not go down: paused by ana@desk')]);
  });
});
