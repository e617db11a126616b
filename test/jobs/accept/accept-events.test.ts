import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asksOfPool } from '../../../lib/decide/scaling/wanted-size.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store, Write } from '../../../lib/io/stores/store.ts';
import { makeGroupWriter } from '../../../lib/jobs/accept/store-asks.ts';
import { listAsks } from '../../../lib/jobs/records/ask-records.ts';
import { makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { dayMs, hourMs, makeMatch, makeSource, minuteMs, now, sources } from '../../decide/intake/fixtures.ts';
import { readSample } from '../../decide/intake/samples.ts';
import { runs } from '../../support/runs.ts';

const { ci } = sources;

function event(n: number | string, patch: object = {}): Record<string, unknown> {
  const time = new Date(now).toISOString();
  return { id: `e${n}`, lease: `k${n}`, time, pool: 'ml/gpu', atLeast: 4, for: '2h', ...patch };
}

function release(n: number | string, atMs = now): object {
  return { id: `r${n}`, lease: `k${n}`, time: new Date(atMs).toISOString(), pool: 'ml/gpu', release: true };
}

describe('an event', () => {
  test('is stored before it is acknowledged, and its cluster wakes', async () => {
    const world = makeAcceptWorld();
    const [outcome] = await world.send(ci, event(1));
    expect(outcome).toEqual({ kind: 'stored', reason: undefined, parts: [{ kind: 'stored', eventId: 'e1' }] });
    expect(await world.live()).toMatchObject([{ atLeast: 4, until: now + 2 * hourMs, who: 'event:ci' }]);
    expect(world.woken).toEqual(['r1:ml']);
  });

  test('delivered three times over days is one', async () => {
    const world = makeAcceptWorld();
    await world.send(ci, event(1, { for: '7h' }));
    const stored = await world.asks();
    world.at += 6 * hourMs;
    expect((await world.send(ci, event(1, { for: '7h' })))[0]?.kind).toBe('unchanged');
    world.at += 3 * dayMs;
    expect((await world.send(ci, event(1, { for: '7h' })))[0]).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('ended at') as string,
    });
    expect(await world.asks()).toEqual(stored);
    expect(world.woken).toHaveLength(1);
  });

  test('that was overtaken wakes nobody', async () => {
    const world = makeAcceptWorld();
    await world.send(ci, release(1, now + minuteMs), event(1));
    expect(await world.live()).toEqual([]);
    expect(world.woken).toEqual(['r1:ml']);
  });

  test('for pools of one name in two regions is stored and wakes in each', async () => {
    const world = makeAcceptWorld();
    const pools = ['r1:twin/gpu', 'r2:twin/gpu'];
    const outcomes = await world.send(ci, ...pools.map((pool, n) => event(1, { id: `e${n}`, pool, atLeast: n + 1 })));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['stored', 'stored']);
    expect(world.woken).toEqual(['r1:twin', 'r2:twin']);
    expect(await world.asks('r1')).toMatchObject([{ atLeast: 1, region: 'r1', match: { text: 'r1:twin/gpu' } }]);
    expect(await world.asks('r2')).toMatchObject([{ atLeast: 2, region: 'r2', match: { text: 'r2:twin/gpu' } }]);
  });

  test('in an envelope keeps its own time where both have one', async () => {
    const world = makeAcceptWorld();
    const about = { specversion: '1.0', id: 'c1', source: '/ci', type: 'run' };
    const envelope = { ...about, time: new Date(now - hourMs).toISOString() };
    await world.send(sources.cloudevents, { ...envelope, data: event(1) });
    expect(await world.live()).toMatchObject([{ time: now, until: now + 2 * hourMs }]);
  });

  test('whose cluster cannot be woken is stored all the same', async () => {
    const lines: unknown[] = [];
    const warn = (message: string, fields?: object) => void lines.push([message, fields]);
    const wake = () => Promise.reject(new Error('no'));
    const world = makeAcceptWorld({ wake, log: { ...silentLog, warn } });
    expect((await world.send(ci, event(1)))[0]?.kind).toBe('stored');
    expect(lines).toEqual([['round not started at once: the next tick does it', { region: 'r1', cluster: 'ml' }]]);
  });

  test('of which nothing is asked is ignored', async () => {
    const world = makeAcceptWorld();
    const empty = { ...(JSON.parse(readSample('alertmanager.json')) as object), alerts: [] };
    expect(await world.send(sources['queue-depth'], empty)).toMatchObject([{ kind: 'ignored' }]);
  });

  test('or a batch is one line of the debug log', async () => {
    const lines: unknown[] = [];
    const debug = (message: string, fields?: object) => void lines.push([message, fields]);
    const world = makeAcceptWorld({ log: { ...silentLog, debug } });
    await world.send(ci, event(1), 'broken', event(2));
    expect(lines).toEqual([['events accepted', { source: 'ci', events: 3 }]]);
  });

  test('says what was cut', async () => {
    const world = makeAcceptWorld();
    const [outcome] = await world.send(ci, event(1, { atLeast: 1e9 }));
    expect(outcome?.reason).toBe('1000000000 nodes were asked for; this pool gets 8 at most');
  });

  test('is asked again when the fleet cannot be looked at', async () => {
    const world = makeAcceptWorld({ isKnownPool: () => Promise.reject(new Error('no')) });
    expect((await world.send(ci, event(1)))[0]).toMatchObject({
      kind: 'failed',
      reason: 'the store could not be reached: send it again',
    });
  });

  test('is counted by what became of it', async () => {
    const world = makeAcceptWorld();
    await world.send(ci, event(1), 'broken', event(1));
    expect(Object.fromEntries(world.counts)).toEqual({ stored: 1, refused: 1, unchanged: 1 });
  });

  test('that is refused is logged with its reason, each of a batch', async () => {
    const lines: unknown[] = [];
    const warn = (message: string, fields?: object) => void lines.push([message, fields]);
    const world = makeAcceptWorld({ log: { ...silentLog, warn } });
    await world.send(ci, event(1, { pool: 'x/y' }), 'broken', event(2), event(3, { atLeast: 0 }));
    expect(lines).toEqual([
      ['event refused', { source: 'ci', event: 'e1', reason: 'pool "x/y" is not in the source\'s may list' }],
      ['event refused', { source: 'ci', reason: 'the event is not JSON' }],
      ['event refused', { source: 'ci', event: 'e3', reason: 'atLeast is 0: it must be a whole number from 1' }],
    ]);
  });
});

describe('sources', () => {
  test('cannot touch each other’s leases', async () => {
    const world = makeAcceptWorld();
    const other = makeSource({ name: 'other' });
    await world.send(ci, event(1));
    await world.send(other, release(1, now + minuteMs), event(2));
    expect((await world.live()).map(({ id }) => id)).toEqual([
      'lease/event%3Aci/ml/gpu/k1',
      'lease/event%3Aother/ml/gpu/k2',
    ]);
  });

  test('whose names look like another’s path stay themselves', async () => {
    const world = makeAcceptWorld();
    const sly = makeSource({ name: 'ci/ml', may: [makeMatch('r1:ml/gpu')] });
    await world.send(ci, event(1));
    await world.send(sly, release('/gpu/k1', now + minuteMs));
    expect(await world.live()).toHaveLength(1);
  });
});

describe('an alert', () => {
  test('holds while it fires, through repeats, and lets go when resolved', async () => {
    const world = makeAcceptWorld();
    const source = sources['queue-depth'];
    await world.send(source, readSample('alertmanager.json'));
    world.at += hourMs;
    await world.send(source, readSample('alertmanager.json'));
    const [held] = await world.live();
    expect(held).toMatchObject({ atLeast: 6, until: now + 3 * hourMs, askedAt: now });
    await world.send(source, readSample('alertmanager-resolved.json'));
    expect(await world.live()).toEqual([]);
    await world.send(source, readSample('alertmanager.json'));
    expect(await world.live()).toEqual([]);
  });
});

describe('events of any kind and order', () => {
  const anyEvent = fc.tuple(fc.nat(2), fc.nat(3), fc.integer({ min: 1, max: 8 }), fc.boolean());

  test('never make a pool want less than its schedule, and end in one state per lease', async () => {
    const deliver = async (list: ReadonlyArray<readonly [number, number, number, boolean]>) => {
      const world = makeAcceptWorld();
      for (const [key, at, atLeast, isRelease] of list) {
        const time = new Date(now + at).toISOString();
        const id = `${key} ${at} ${atLeast} ${isRelease}`;
        await world.send(ci, isRelease ? { ...release(key, now + at), id } : event(key, { id, time, atLeast }));
      }
      const asks = await world.asks();
      const names = { region: 'r1', cluster: 'ml', pool: 'gpu' };
      const { override, pause, leases } = asksOfPool(asks, names, world.at);
      expect([override, pause]).toEqual([undefined, undefined]);
      return leases.map(({ id, atLeast, until, time }) => [id, atLeast, until, time]);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 6 }), async (list) => {
        expect(await deliver(list.toReversed())).toEqual(await deliver([...list, ...list]));
      }),
      runs(20),
    );
  });
});

/** A store that fails one call, before or after it took effect: a crash there, seen from outside. */
function failingStore(at: number, when: 'before' | 'after'): { store: Store; inner: Store } {
  let ids = 0;
  const inner = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  let calls = 0;
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const isHit = calls === at;
    if (isHit && when === 'before') throw new Error('crash');
    const result = await work();
    if (isHit) throw new Error('crash');
    return result;
  };
  const store: Store = {
    read: (key) => around(() => inner.read(key)),
    list: (partition, options) => around(() => inner.list(partition, options)),
    commit: (writes: readonly Write[]) => around(() => inner.commit(writes)),
    close: inner.close,
  };
  return { store, inner };
}

describe('a crash', () => {
  test.each(['before', 'after'] as const)('%s any store call, then redelivery, makes one lease', async (when) => {
    for (let at = 1; at <= 12; at += 1) {
      const { store, inner } = failingStore(at, when);
      const world = makeAcceptWorld({ store });
      const bodies = [event(1), 'broken', event(2)];
      const first = await world.send(ci, ...bodies);
      const again = first.some(({ kind }) => kind === 'failed') ? await world.send(ci, ...bodies) : first;
      expect(again.map(({ kind }) => kind)).not.toContain('failed');
      expect((await listAsks(inner, 'r1')).map(({ id }) => id)).toEqual([
        'lease/event%3Aci/ml/gpu/k1',
        'lease/event%3Aci/ml/gpu/k2',
      ]);
    }
  });

  test('of the store fails what it could not keep, and only that', async () => {
    const { store } = failingStore(1, 'before');
    const world = makeAcceptWorld({ store });
    const outcomes = await world.send(ci, event(1), event(2, { pool: 'ml/gpu2', atLeast: 3 }), 'broken');
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'stored', 'refused']);
    expect(world.woken).toEqual(['r1:ml']);
  });
});

describe('several writers', () => {
  test('that never rest are given up after 30 attempts, each after a longer pause', async () => {
    const { store } = makeAcceptWorld();
    const slept: number[] = [];
    let commits = 0;
    const commit: Store['commit'] = async () => {
      commits += 1;
      return { kind: 'conflict', failed: [0] };
    };
    const clock = { now: () => now, sleep: async (ms: number) => void slept.push(ms) };
    const writer = makeGroupWriter({ store: { ...store, commit }, clock });
    const world = makeAcceptWorld({ writer });
    expect(await world.send(ci, event(1))).toMatchObject([
      { kind: 'failed', reason: 'the same leases were changed by others: send it again' },
    ]);
    expect([commits, slept]).toEqual([30, Array.from({ length: 29 }, (_, n) => 5 * (n + 1))]);
    expect(world.woken).toEqual([]);
  });

  test('lose nothing', async () => {
    const one = makeAcceptWorld();
    const others = [1, 2, 3].map(() => makeAcceptWorld({ store: one.store }));
    const sends = Array.from({ length: 40 }, (_, n) => others[n % 3]!.send(ci, event(n)));
    const outcomes = (await Promise.all(sends)).flat();
    expect(outcomes.every(({ kind }) => kind === 'stored')).toBe(true);
    expect(await one.live()).toHaveLength(40);
  });

  test('on one lease agree', async () => {
    const one = makeAcceptWorld();
    const others = [1, 2, 3].map(() => makeAcceptWorld({ store: one.store }));
    const times = Array.from({ length: 30 }, (_, n) => new Date(now + n).toISOString());
    await Promise.all(
      times.map((time, n) => others[n % 3]!.send(ci, event(1, { id: `x${n}`, time, atLeast: 1 + (n % 8) }))),
    );
    expect(await one.live()).toMatchObject([{ time: now + 29, atLeast: 6 }]);
  });
});
