import { describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../../../lib/io/log.ts';
import { putAsk, putLease } from '../../../lib/jobs/records/ask-records.ts';
import type { Lease, Override, Pause } from '../../../lib/model/asks.ts';
import {
  aChat,
  anAnnouncedNight,
  announceTo,
  announcing,
  deliveriesIn,
  saidOf,
  scaledReasons,
  tick,
  ticks,
} from '../../support/announced-night.ts';
import { type Night, onlyClusters } from '../../support/night-app.ts';
import { aMatch, at, minute, usualBrake } from '../../support/scaling-world.ts';

const day = '2026-03-02';
/** Two ticks before the first look ahead to 19:00. */
const evening = `${day}T18:10:00Z`;
/** Long enough before it for what is late. */
const afternoon = `${day}T17:30:00Z`;
const common = { schema: 1, region: 'r1', who: 'ana@desk', reason: undefined } as const;

function aPause(night: Night, until: string): Pause {
  return {
    ...common,
    kind: 'pause',
    id: 'pause/fleet',
    match: undefined,
    askedAt: night.clock.now(),
    until: at(until),
  };
}

function aLease(night: Night, match: string, atLeast: number, until: string): Lease {
  const askedAt = night.clock.now();
  return {
    ...common,
    kind: 'lease',
    id: `lease/${match}`,
    match: aMatch(match),
    atLeast,
    askedAt,
    time: askedAt,
    until: at(until),
  };
}

describe('before a scale-down', () => {
  test('one message per destination and boundary', async () => {
    const night = anAnnouncedNight(evening);
    await ticks(night, `${day}T19:15:00Z`);
    expect(await saidOf(night)).toEqual([
      '18:25 At 19:00 UTC, in 35 minutes: 2 pools go down by 5 nodes (dev-api/workers 3 → 0, dev-api/build 2 → 0)',
    ]);
  });

  test('its reasons need not be kept', async () => {
    const night = anAnnouncedNight(evening);
    await ticks(night, `${day}T19:30:00Z`);
    expect((await scaledReasons(night)).filter((reason) => reason.includes('not announced'))).toEqual([]);
  });

  test('the message lists pools and says what to type', async () => {
    const night = anAnnouncedNight(evening);
    await ticks(night, `${day}T18:40:00Z`);
    const [delivery] = await deliveriesIn(night.store);
    expect(delivery?.facts).toMatchObject({
      what: 'notice',
      since: at(`${day}T19:00:00Z`),
      fix: 'to keep them as they are, run: lamplighter pause "dev-api/*" --until 2026-03-02T21:00:00Z',
      facts: { pools: 2, nodes: -5, 'dev-api/workers': '3 → 0', 'dev-api/build': '2 → 0' },
    });
  });

  test('a second tick, a restart, another process: once', async () => {
    const night = anAnnouncedNight(evening);
    await ticks(night, `${day}T18:25:00Z`);
    const other = anAnnouncedNight(`${day}T18:25:00Z`, {}, { store: night.store });
    await tick(night);
    await Promise.all([night.app.watch(night.config), other.app.watch(other.config), night.app.watch(night.config)]);
    await tick(night);
    expect(await saidOf(night)).toHaveLength(1);
  });

  test('each destination hears of its own pools', async () => {
    const other = { ...announceTo, to: ['ops', 'dev-chat'] };
    const rules = [
      announcing({ match: aMatch('dev-api/build'), announce: other, hash: 'b' }),
      announcing({ match: aMatch('dev-api/workers') }),
    ];
    const night = anAnnouncedNight(evening, { rules, destinations: [aChat('dev-chat'), aChat('ops')] });
    await ticks(night, `${day}T19:15:00Z`);
    const said = (await deliveriesIn(night.store)).map(({ destination, facts }) => [
      destination.split('~')[0],
      facts.text.replace(/^.*: /, ''),
    ]);
    expect(said).toEqual([
      ['dev-chat', '2 pools go down by 5 nodes (dev-api/workers 3 → 0, dev-api/build 2 → 0)'],
      ['ops', '1 pool goes down by 2 nodes (dev-api/build 2 → 0)'],
    ]);
  });

  test('one message of all rules, as early as the earliest of them', async () => {
    const later = { ...announceTo, beforeMs: 10 * minute };
    const rules = [
      announcing({ match: aMatch('dev-api/build'), announce: later, hash: 'b' }),
      announcing({ match: aMatch('dev-api/workers') }),
    ];
    const night = anAnnouncedNight(evening, { rules });
    await ticks(night, `${day}T19:15:00Z`);
    expect(await saidOf(night)).toEqual([
      '18:25 At 19:00 UTC, in 35 minutes: 2 pools go down by 5 nodes (dev-api/workers 3 → 0, dev-api/build 2 → 0)',
    ]);
  });

  test('bounds say how many nodes go for certain', async () => {
    const rules = [announcing({ match: aMatch('prod-web/workers'), idle: { min: 1, max: 2 } })];
    const night = anAnnouncedNight(evening, { rules }, { fleet: onlyClusters('prod-web') });
    await ticks(night, `${day}T18:40:00Z`);
    expect((await saidOf(night))[0]).toMatch(
      /1 pool goes down by \d nodes? \(prod-web\/workers 3\.\.9 \(\d nodes\) → 1\.\.2\)$/,
    );
  });

  test('in the zone of the config', async () => {
    const night = anAnnouncedNight(evening, { destinations: [aChat('dev-chat', { zone: 'Europe/Warsaw' })] });
    await ticks(night, `${day}T18:40:00Z`);
    expect((await saidOf(night))[0]).toContain('At 20:00, in 35 minutes');
  });
});

describe('nothing is announced', () => {
  const silent = async (patch: Parameters<typeof anAnnouncedNight>[1], prepare?: (night: Night) => Promise<void>) => {
    const night = anAnnouncedNight(evening, patch);
    await prepare?.(night);
    await ticks(night, `${day}T19:30:00Z`);
    return saidOf(night);
  };

  test('of what only would be done', async () => {
    expect(await silent({ rules: [announcing({ mode: 'observe' })] })).toEqual([]);
  });

  test('of what is paused over the boundary', async () => {
    const said = await silent({}, async (night) => {
      await putAsk(night.store, aPause(night, `${day}T22:00:00Z`), 0);
    });
    expect(said).toEqual(
      [
        '21:25 At 22:00 UTC, in 35 minutes: 2 pools go down by 5 nodes (dev-api/workers 3 → 0, dev-api/build 2 → 0)',
      ].slice(1),
    );
  });

  test('of what a lease keeps', async () => {
    const said = await silent({}, async (night) => {
      const lease = aLease(night, 'dev-api/*', 9, `${day}T23:30:00Z`);
      await putLease(night.store, lease, night.clock.now());
    });
    expect(said).toEqual([]);
  });

  test('of what the brake will hold', async () => {
    const safety = {
      brake: { pools: 1, percent: 90 },
      maxChangesPerRound: undefined,
      minNodesPerCluster: 0,
      runsOn: undefined,
    };
    expect(await silent({ safety: { ...safety, brake: { ...usualBrake, pools: 1 } } })).toEqual([]);
  });

  test('of what the cluster must keep', async () => {
    const safety = { brake: undefined, maxChangesPerRound: undefined, minNodesPerCluster: 5, runsOn: undefined };
    expect(await silent({ safety })).toEqual([]);
  });

  test('of a silenced pool, and the history says why', async () => {
    const night = anAnnouncedNight(evening, {
      silences: [
        {
          match: aMatch('dev-api'),
          kinds: ['announcement'],
          zone: 'UTC',
          window: undefined,
          until: undefined,
          reason: 'quiet',
        },
      ],
    });
    await ticks(night, `${day}T19:15:00Z`);
    expect(await saidOf(night)).toEqual([]);
    expect((await scaledReasons(night))[0]).toContain(
      'not announced in time: silenced by the config for dev-api (quiet)',
    );
  });
});

describe('the end of a pause or a lease is a boundary', () => {
  test('of a pause', async () => {
    const night = anAnnouncedNight(evening);
    await putAsk(night.store, aPause(night, `${day}T20:00:00Z`), 0);
    await ticks(night, `${day}T20:15:00Z`);
    expect(await saidOf(night)).toEqual([
      '19:25 At 20:00 UTC, in 35 minutes: 2 pools go down by 5 nodes (dev-api/workers 3 → 0, dev-api/build 2 → 0)',
    ]);
  });

  test('of a lease, beside the schedule', async () => {
    const night = anAnnouncedNight(evening);
    await putLease(night.store, aLease(night, 'dev-api/workers', 2, `${day}T21:00:00Z`), night.clock.now());
    await ticks(night, `${day}T21:10:00Z`);
    expect(await saidOf(night)).toEqual([
      '18:25 At 19:00 UTC, in 35 minutes: 2 pools go down by 3 nodes (dev-api/build 2 → 0, dev-api/workers 3 → 2)',
      '20:25 At 21:00 UTC, in 35 minutes: 1 pool goes down by 2 nodes (dev-api/workers 2 → 0)',
    ]);
  });
});

describe('what no longer holds is corrected once', () => {
  const corrected = async (act: (night: Night) => Promise<unknown>, when = `${day}T18:40:00Z`) => {
    const night = anAnnouncedNight(evening);
    await ticks(night, when);
    await act(night);
    await ticks(night, `${day}T19:15:00Z`);
    return (await saidOf(night)).slice(1);
  };

  test('when somebody pauses', async () => {
    expect(await corrected((night) => putAsk(night.store, aPause(night, `${day}T23:30:00Z`), 0))).toEqual([
      '18:40 Changed, for 19:00 UTC: 2 pools (dev-api/workers, dev-api/build) do not go down: paused by ana@desk until 2026-03-02T23:30:00Z',
    ]);
  });

  test('when somebody leases one of them', async () => {
    const said = await corrected((night) =>
      putLease(night.store, aLease(night, 'dev-api/workers', 3, `${day}T23:30:00Z`), night.clock.now()),
    );
    expect(said).toEqual([
      '18:40 Changed, for 19:00 UTC: dev-api/workers does not go down: lease of ana@desk until 2026-03-02T23:30:00Z; as announced, 1 pool goes down by 2 nodes (dev-api/build 2 → 0)',
    ]);
  });

  test('when a lease moves the bounds, and that change is under way', async () => {
    const rules = [announcing({ match: aMatch('prod-web/workers'), idle: { min: 1, max: 2 } })];
    const night = anAnnouncedNight(evening, { rules }, { fleet: onlyClusters('prod-web') });
    await ticks(night, `${day}T18:55:00Z`);
    await putLease(night.store, aLease(night, 'prod-web/workers', 9, `${day}T23:30:00Z`), night.clock.now());
    await night.app.scale(night.config);
    await night.clock.advance(5000);
    await ticks(night, `${day}T19:00:00Z`);
    expect((await saidOf(night)).slice(1)).toEqual([
      '18:55 Changed, for 19:00 UTC: prod-web/workers does not go down: lease of ana@desk until 2026-03-02T23:30:00Z',
    ]);
  });

  test('when it is another size', async () => {
    const said = await corrected((night) =>
      putLease(night.store, aLease(night, 'dev-api/workers', 2, `${day}T23:30:00Z`), night.clock.now()),
    );
    expect(said).toEqual([
      '18:40 Changed, for 19:00 UTC: now 1 pool goes down by 1 node (dev-api/workers 3 → 2); as announced, 1 pool goes down by 2 nodes (dev-api/build 2 → 0)',
    ]);
  });

  test('when the config changes', async () => {
    const said = await corrected(async (night) => {
      night.config = { ...night.config, hash: 'config-2', rules: [announcing({ idle: 2, hash: 'rule-2' })] };
    });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /Changed, for 19:00 UTC: dev-api\/build does not go down: .*; now 1 pool goes down by 1 node \(dev-api\/workers 3 → 2\)$/,
    );
  });

  test('who takes the place of a removed destination is told', async () => {
    const night = anAnnouncedNight(evening);
    await ticks(night, `${day}T18:40:00Z`);
    const announce = { ...announceTo, to: ['other'] };
    const chats = { destinations: [aChat('other')], rules: [announcing({ announce })] };
    night.config = { ...night.config, hash: 'config-2', ...chats };
    await ticks(night, `${day}T18:50:00Z`);
    await putAsk(night.store, aPause(night, `${day}T23:30:00Z`), 0);
    await ticks(night, `${day}T19:15:00Z`);
    expect((await saidOf(night)).map((text) => text.slice(0, 35))).toEqual([
      '18:40 At 19:00 UTC, in 20 minutes: ',
      '18:50 Changed, for 19:00 UTC: 2 poo',
    ]);
  });

  test('at a destination that was retired since, and that hears of nothing new', async () => {
    const night = anAnnouncedNight(evening, { destinations: [aChat('dev-chat'), aChat('other')] });
    await ticks(night, `${day}T18:35:00Z`);
    const announce = { ...announceTo, to: ['other'] };
    const chats = {
      destinations: [aChat('dev-chat', { retired: true }), aChat('other')],
      rules: [announcing({ announce })],
    };
    night.config = { ...night.config, hash: 'config-2', ...chats };
    await ticks(night, `${day}T18:45:00Z`);
    await putAsk(night.store, aPause(night, `${day}T23:30:00Z`), 0);
    await ticks(night, `${day}T19:15:00Z`);
    const told = (await deliveriesIn(night.store)).map(({ destination, facts }) => [
      destination.split('~')[0],
      facts.text.slice(0, 22),
    ]);
    expect(told.filter(([name]) => name === 'dev-chat')).toEqual([
      ['dev-chat', 'At 19:00 UTC, in 35 mi'],
      ['dev-chat', 'Changed, for 19:00 UTC'],
    ]);
    expect(told.filter(([name]) => name === 'other').map(([, text]) => text)).toEqual([
      'At 19:00 UTC, in 25 mi',
      'Changed, for 19:00 UTC',
    ]);
  });

  test('at no destination that left the config, and the log says so', async () => {
    const warned: unknown[] = [];
    const warn = (msg: string, about?: object) => void warned.push({ msg, ...about });
    const log: Log = { ...silentLog, warn, with: () => log };
    const night = anAnnouncedNight(evening, {}, { log });
    await ticks(night, `${day}T18:35:00Z`);
    night.config = { ...night.config, hash: 'config-2', destinations: [aChat('other')] };
    await ticks(night, `${day}T18:45:00Z`);
    await putAsk(night.store, aPause(night, `${day}T23:30:00Z`), 0);
    await ticks(night, `${day}T19:15:00Z`);
    expect(warned).toContainEqual({
      msg: 'correction not sent: the config no longer has the destination',
      destination: 'dev-chat',
      boundary: '2026-03-02T19:00:00Z',
      unsaid: expect.stringMatching(/^Changed, for 19:00 UTC: 2 pools .* do not go down: paused/),
    });
  });

  test('a pause that ends in time takes the correction back', async () => {
    const night = anAnnouncedNight(evening);
    await ticks(night, `${day}T18:35:00Z`);
    const pause = aPause(night, `${day}T23:30:00Z`);
    await putAsk(night.store, pause, 0);
    await ticks(night, `${day}T18:45:00Z`);
    await putAsk(night.store, { ...pause, until: night.clock.now() }, 0);
    await ticks(night, `${day}T19:15:00Z`);
    expect((await saidOf(night)).map((text) => text.slice(0, 40))).toEqual([
      '18:25 At 19:00 UTC, in 35 minutes: 2 poo',
      '18:35 Changed, for 19:00 UTC: 2 pools (d',
      '18:45 Changed, for 19:00 UTC: also 2 poo',
    ]);
    const reasons = await scaledReasons(night);
    expect(reasons[0]).toContain(
      'not announced in time: it was announced at 2026-03-02T18:45:00Z: what is asked of it changed at',
    );
  });

  test('when the cluster is gone at its boundary', async () => {
    const night = anAnnouncedNight(evening);
    await ticks(night, `${day}T18:40:00Z`);
    night.world.removePool('dev-api/build');
    await ticks(night, `${day}T19:15:00Z`);
    expect((await saidOf(night)).slice(1)).toEqual([
      expect.stringContaining('dev-api/build does not go down: the pool is gone'),
    ]);
  });
});

describe('why it was not announced in time stands in the history', () => {
  test('nobody looked', async () => {
    const night = anAnnouncedNight(afternoon);
    await ticks(night, `${day}T18:00:00Z`);
    await night.clock.advance(at(`${day}T18:50:00Z`) - night.clock.now());
    await ticks(night, `${day}T19:15:00Z`);
    expect((await saidOf(night)).map((text) => text.slice(0, 33))).toEqual(['18:50 At 19:00 UTC, in 10 minutes']);
    expect((await scaledReasons(night))[0]).toContain(
      'not announced in time: it was announced at 2026-03-02T18:50:00Z: no round ran at the right time',
    );
  });

  test('somebody asked for it', async () => {
    const night = anAnnouncedNight(afternoon);
    await ticks(night, `${day}T17:40:00Z`);
    const askedAt = night.clock.now();
    const override: Override = {
      ...common,
      kind: 'override',
      id: 'override/x',
      match: aMatch('dev-api/workers'),
      exactly: 1,
      askedAt,
      until: at(`${day}T23:00:00Z`),
    };
    await putAsk(night.store, override, 0);
    await ticks(night, `${day}T18:00:00Z`);
    expect((await scaledReasons(night))[0]).toMatch(
      /not announced in time: ana@desk asked for it at 2026-03-02T17:40:00Z$/,
    );
  });
});

test('before a raise, where asked', async () => {
  const rules = [announcing({ announce: { ...announceTo, raises: true }, lead: { kind: 'fixed', ms: 20 * minute } })];
  const night = anAnnouncedNight(evening, { rules });
  await ticks(night, `${day}T19:15:00Z`);
  await night.clock.advance(at('2026-03-03T05:45:00Z') - night.clock.now());
  await ticks(night, '2026-03-03T07:05:00Z');
  const [down, up, ...more] = await saidOf(night);
  expect(down).toContain('go down by 5 nodes');
  expect(up).toMatch(
    /^06:(05|10) At 07:00 UTC, in 5\d minutes: 2 pools go up by 5 nodes \(dev-api\/workers 0 → 3, dev-api\/build 0 → 2\)$/,
  );
  expect(more).toEqual([]);
});
