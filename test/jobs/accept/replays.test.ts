import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { idsPerSlot, makeReplays, slots } from '../../../lib/jobs/accept/replays.ts';
import { dayMs, now } from '../../decide/intake/fixtures.ts';

function aMemory() {
  let ids = 0;
  const store = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const clock = { at: now, now: () => clock.at, sleep: async () => {} };
  return { store, clock, replays: makeReplays({ store, clock }) };
}

test('an id is known for 15 days, to its own source alone', async () => {
  const { clock, replays } = aMemory();
  await replays.remember('ci', 'msg_1');
  expect(await replays.isKnown('ci', 'msg_1')).toBe(true);
  expect(await replays.isKnown('ci', 'msg_2')).toBe(false);
  expect(await replays.isKnown('other', 'msg_1')).toBe(false);
  clock.at += 15 * dayMs - 1;
  expect(await replays.isKnown('ci', 'msg_1')).toBe(true);
  clock.at += 1;
  expect(await replays.isKnown('ci', 'msg_1')).toBe(false);
});

test('ids that share a record have one place each, which is free again after 15 days', async () => {
  const { store, clock, replays } = aMemory();
  const crowded = async () =>
    (await store.list('replays/ci'))
      .map(({ value }) => (value as unknown as { ids: string[][] }).ids)
      .find((ids) => ids.length > 1);
  const names: string[] = [];
  for (; (await crowded()) === undefined; await replays.remember('ci', names.at(-1)!))
    names.push(`msg_${names.length}`);
  const before = await store.list('replays/ci');
  for (const name of names) await replays.remember('ci', name);
  expect(await store.list('replays/ci')).toHaveLength(before.length);
  expect(await crowded()).toHaveLength(2);
  clock.at += 15 * dayMs;
  await replays.remember('ci', names.at(-1)!);
  expect(await crowded()).toBeUndefined();
});

test('a record is not removed while one of its ids counts', async () => {
  const { store, clock } = aMemory();
  const kept: number[] = [];
  const commit: typeof store.commit = (writes) => {
    for (const write of writes) if ('expiresAt' in write && write.expiresAt !== undefined) kept.push(write.expiresAt);
    return store.commit(writes);
  };
  await makeReplays({ store: { ...store, commit }, clock }).remember('ci', 'msg_1');
  expect(kept).toHaveLength(1);
  expect(kept[0]).toBeGreaterThanOrEqual(now + 15 * dayMs);
});

test('an id that was remembered by the version before is known', async () => {
  const { store, replays } = aMemory();
  const key = { partition: 'replays/ci', id: encodeURIComponent('msg%1') };
  await store.commit([{ kind: 'putIfAbsent', key, value: { schema: 1, until: now + 1 } }]);
  expect(await replays.isKnown('ci', 'msg%1')).toBe(true);
});

test('any ids are told apart', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 256 }), { minLength: 2, maxLength: 30 }),
      async (all) => {
        const { replays } = aMemory();
        const [left, ...kept] = all;
        for (const id of kept) await replays.remember('ci', id);
        for (const id of kept) expect(await replays.isKnown('ci', id)).toBe(true);
        expect(await replays.isKnown('ci', left!)).toBe(false);
      },
    ),
    { numRuns: 10 },
  );
});

test('however many come, their number is bounded, and what the quota lets through while a signature counts is known', async () => {
  const { store, replays } = aMemory();
  const [burst, perSecond, freshSeconds] = [600, 10, 600];
  // Enough for every slot, and for more than one holds in some.
  const count = 20_000;
  for (let n = 0; n < count; n += 1) await replays.remember('ci', `msg_${n}`);
  const records = [];
  for (let after = ''; ; ) {
    const page = await store.list('replays/ci', { after, limit: 1000 });
    records.push(...page);
    if (page.length < 1000) break;
    after = page.at(-1)!.key.id;
  }
  expect(records.length).toBeLessThanOrEqual(slots);
  const ids = records.flatMap(({ value }) => (value as unknown as { ids: unknown[] }).ids);
  expect(ids.length).toBeLessThan(count);
  expect(records.filter(({ value }) => (value as unknown as { ids: unknown[] }).ids.length > idsPerSlot)).toEqual([]);
  for (let n = count - burst - perSecond * freshSeconds; n < count; n += 97) {
    expect(await replays.isKnown('ci', `msg_${n}`)).toBe(true);
  }
});

test('many at once are all remembered', async () => {
  const { replays } = aMemory();
  const ids = Array.from({ length: 500 }, (_, n) => `msg_${n}`);
  await Promise.all(ids.map((id) => replays.remember('ci', id)));
  expect(await Promise.all(ids.map((id) => replays.isKnown('ci', id)))).toEqual(ids.map(() => true));
});
