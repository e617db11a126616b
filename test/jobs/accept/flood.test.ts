import { describe, expect, test } from 'vitest';
import { mostFinished, mostLiveLeases } from '../../../lib/decide/intake/merge-asks.ts';
import { mostPerOwner } from '../../../lib/jobs/accept/store-asks.ts';
import { makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { hourMs, makeMatch, makeSource, minuteMs, now, sources } from '../../decide/intake/fixtures.ts';

const { ci } = sources;

function event(n: number, patch: object = {}): object {
  const time = new Date(now + (n % 1000)).toISOString();
  return { id: `e${n}`, lease: `k${n}`, time, pool: 'ml/gpu', atLeast: 1 + (n % 8), for: '2h', ...patch };
}

describe('a flood', () => {
  test('of 2,000 leases leaves bounded state and loses none', async () => {
    const world = makeAcceptWorld();
    for (let from = 0; from < 2000; from += 1000) {
      world.at += 20;
      const bodies = Array.from({ length: 1000 }, (_, n) => event(from + n));
      const outcomes = await world.send(ci, ...bodies);
      expect(outcomes.every(({ kind }) => kind === 'stored' || kind === 'merged')).toBe(true);
    }
    const live = await world.live();
    expect(live).toHaveLength(mostLiveLeases + 1);
    const merged = live.find(({ id }) => id.endsWith('/=merged'));
    expect(merged).toMatchObject({ atLeast: 8, match: { text: 'r1:ml/gpu' } });
    const until = merged?.until ?? 0;
    expect(until).toBeGreaterThanOrEqual(now + 2 * hourMs + 999);
    expect(until).toBeLessThan(now + 2 * hourMs + 999 + minuteMs);
  });

  test('one by one, as over HTTP, is the same', async () => {
    const world = makeAcceptWorld();
    for (let n = 0; n < 300; n += 1) await world.send(ci, event(n));
    expect(await world.live()).toHaveLength(mostLiveLeases + 1);
    expect(world.woken.length).toBeLessThan(mostLiveLeases + 20);
  });

  test('delivered twice changes nothing the second time', async () => {
    const world = makeAcceptWorld();
    const bodies = Array.from({ length: 500 }, (_, n) => event(n));
    await world.send(ci, ...bodies);
    const before = await world.asks();
    await world.send(ci, ...bodies);
    expect(await world.asks()).toEqual(before);
  });

  test('that is over lets new leases have their own keys again', async () => {
    const world = makeAcceptWorld();
    await world.send(ci, ...Array.from({ length: 200 }, (_, n) => event(n)));
    world.at += 3 * hourMs;
    const time = new Date(world.at).toISOString();
    expect((await world.send(ci, event(5000, { time })))[0]?.kind).toBe('stored');
    expect((await world.live()).map(({ id }) => id)).toEqual(['lease/event%3Aci/ml/gpu/k5000']);
  });

  test('tells that a merged lease cannot be released', async () => {
    const world = makeAcceptWorld();
    const outcomes = await world.send(ci, ...Array.from({ length: 101 }, (_, n) => event(n)));
    expect(outcomes[100]).toMatchObject({
      kind: 'merged',
      reason:
        'this pool has 100 leases of this source: merged into one that lasts until 2026-11-23T10:31:00Z and cannot be released',
    });
  });

  test('wakes a cluster for what is merged, unless that was held already, and says all that was cut', async () => {
    const world = makeAcceptWorld();
    await world.send(ci, ...Array.from({ length: 100 }, (_, n) => event(n)));
    world.woken.length = 0;
    const [first] = await world.send(ci, event(100, { atLeast: 99 }));
    expect(world.woken).toEqual(['r1:ml']);
    expect(first?.reason).toMatch(
      /^this pool has 100 leases .* cannot be released; 99 nodes were asked for; this pool gets/u,
    );
    const [second] = await world.send(ci, event(101, { atLeast: 1, time: new Date(now).toISOString() }));
    expect([second?.kind, world.woken]).toEqual(['merged', ['r1:ml']]);
  });

  test('of one source leaves the others their leases', async () => {
    const world = makeAcceptWorld();
    await world.send(ci, ...Array.from({ length: 200 }, (_, n) => event(n)));
    const [outcome] = await world.send(makeSource({ name: 'calm' }), event(1));
    expect(outcome?.kind).toBe('stored');
  });

  test('of releases keeps a bounded number of tombstones', async () => {
    const world = makeAcceptWorld();
    for (let from = 0; from < 1000; from += 500) {
      world.at += 1000;
      const bodies = Array.from({ length: 500 }, (_, n) => ({
        ...event(from + n),
        release: true,
        atLeast: undefined,
        for: undefined,
      }));
      const outcomes = await world.send(ci, ...bodies);
      expect(outcomes.every(({ kind }) => kind === 'stored')).toBe(true);
    }
    expect((await world.asks()).length).toBeLessThanOrEqual(mostFinished + 100);
  });

  test('of made-up pools ends at the source’s bound', async () => {
    const world = makeAcceptWorld();
    const wild = makeSource({ may: [makeMatch('r1:prod-*/workers')] });
    const total = mostPerOwner + 300;
    const outcomes = await world.send(
      wild,
      ...Array.from({ length: total }, (_, n) => event(n, { pool: `prod-${n}/workers` })),
    );
    expect((await world.asks()).length).toBeLessThan(mostPerOwner + 20);
    expect(outcomes.at(-1)).toMatchObject({
      kind: 'failed',
      reason: `this source has ${mostPerOwner} leases, ended ones included: wait until some expire`,
    });
    const first = { pool: 'prod-1/workers', lease: 'k1', time: new Date(now + minuteMs).toISOString() };
    const [longer, over, other] = await world.send(
      wild,
      { ...first, id: 'longer', atLeast: 9, for: '4h' },
      { ...first, id: 'over', release: true, time: new Date(now + 2 * minuteMs).toISOString() },
      event(1, { pool: 'prod-other/workers' }),
    );
    expect([longer, over, other]).toMatchObject([{ kind: 'stored' }, { kind: 'stored' }, { kind: 'failed' }]);
  });

  test('of a source that was found full is counted anew after two seconds, and where the clock was set back', async () => {
    const { store } = makeAcceptWorld();
    let [isFull, counts] = [true, 0];
    const list: typeof store.list = async (partition, options) => {
      if (options?.limit !== mostPerOwner) return store.list(partition, options);
      counts += 1;
      const id = (n: number) => `lease/event%3Aci/ml/other/${n}`;
      const one = (n: number) => ({ key: { partition, id: id(n) }, value: null, version: 'v' });
      return isFull ? Array.from({ length: mostPerOwner }, (_, n) => one(n)) : [];
    };
    const world = makeAcceptWorld({ store: { ...store, list } });
    const kindAfter = async (ms: number, n: number) => {
      world.at += ms;
      return (await world.send(ci, event(n)))[0]?.kind;
    };
    expect([await kindAfter(0, 1), await kindAfter(1999, 2), counts]).toEqual(['failed', 'failed', 1]);
    expect([await kindAfter(1, 3), counts]).toEqual(['failed', 2]);
    isFull = false;
    expect([await kindAfter(-60_000, 4), counts]).toEqual(['stored', 3]);
  });

  /** A store that seems to hold so many records of this source in a region, and how often they were counted. */
  function holding(held: number, region: string) {
    const { store } = makeAcceptWorld();
    const seen = { counts: 0 };
    const list: typeof store.list = async (partition, options) => {
      if (options?.limit !== mostPerOwner) return store.list(partition, options);
      seen.counts += 1;
      if (partition !== `asks/${region}`) return [];
      const id = (n: number) => `lease/event%3Aci/ml/other/${n}`;
      return Array.from({ length: held }, (_, n) => ({ key: { partition, id: id(n) }, value: null, version: 'v' }));
    };
    return { world: makeAcceptWorld({ store: { ...store, list } }), seen };
  }

  test('in one region leaves the others their room', async () => {
    const { world } = holding(mostPerOwner, 'r1');
    const kindIn = async (region: string) => (await world.send(ci, event(1, { pool: `${region}:twin/gpu` })))[0]?.kind;
    expect([await kindIn('r1'), await kindIn('r2'), await kindIn('r1')]).toEqual(['failed', 'stored', 'failed']);
  });

  test('is counted again whenever a tenth of its room is used, since others use it too', async () => {
    const { world, seen } = holding(mostPerOwner - 100, 'r1');
    const wild = makeSource({ may: [makeMatch('r1:prod-*/workers')] });
    for (let n = 0; n < 21; n += 1) await world.send(wild, event(n, { pool: `prod-${n}/workers` }));
    expect(seen.counts).toBe(3);
  });
});
