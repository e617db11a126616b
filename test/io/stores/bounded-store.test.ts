import { expect, test } from 'vitest';
import { boundedStore, healStore } from '../../../lib/io/stores/bounded-store.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Key } from '../../../lib/io/stores/store.ts';
import { dayMs } from '../../../lib/model/time.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';

const clock = makeVirtualClock();
const now = clock.now();
const later = now + 400 * dayMs;
const ask = {
  schema: 1,
  kind: 'pause',
  id: 'pause/fleet',
  region: 'r1',
  who: 'ada',
  askedAt: later,
  until: later + dayMs,
};

function aStore(key: Key, value: { readonly [name: string]: string | number }) {
  let ids = 0;
  const raw = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const ready = raw.commit([{ kind: 'putIfAbsent', key, value }]);
  return { raw, store: boundedStore(raw, clock), ready };
}

test.each([
  [{ partition: 'calendars', id: 'c' }, { schema: 1, text: 'x', at: later }, 'at'],
  [{ partition: 'asks/r1', id: 'pause/fleet' }, ask, 'askedAt'],
  [{ partition: 'seen', id: 'watch' }, { schema: 1, at: later, configHash: 'x', clusters: 1, answered: '' }, 'at'],
])('no instant of %j lies further ahead than it can', async (key, value, name) => {
  const { store, ready } = aStore(key, value);
  await ready;
  const [listed] = await store.list(key.partition);
  for (const record of [listed, await store.read(key)]) {
    const read = record?.value as { readonly [name: string]: number };
    expect(read[name]).toBeLessThanOrEqual(now + dayMs);
  }
});

test('an ask that was put right is deleted some time after its end', async () => {
  const { raw, store, ready } = aStore({ partition: 'asks/r1', id: 'pause/fleet' }, ask);
  await ready;
  await store.list('asks/r1');
  await healStore(store, () => true);
  const [healed] = await raw.list('asks/r1');
  const { until } = healed!.value as { readonly until: number };
  expect(until).toBeLessThan(later);
  expect(await raw.collect(until + 14 * dayMs)).toBe(0);
  expect(await raw.collect(until + 16 * dayMs)).toBe(1);
});
