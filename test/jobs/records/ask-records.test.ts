import { describe, expect, test } from 'vitest';
import { exactMatch } from '../../../lib/decide/intake/judge-ask.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import {
  askWrite,
  endAsk,
  listAsks,
  loadAsk,
  personLeaseId,
  putAsk,
  putLease,
  releaseLease,
} from '../../../lib/jobs/records/ask-records.ts';
import type { Ask, Lease, Override, Pause } from '../../../lib/model/asks.ts';
import { hourMs, makeMatch, now } from '../../decide/intake/fixtures.ts';

function makeStore() {
  let ids = 0;
  return makeMemoryStore({ newId: () => `v${(ids += 1)}` });
}

const common = { schema: 1, region: 'r1', who: 'ann@desk', reason: 'a demo', askedAt: now } as const;
const pool = exactMatch({ region: 'r1', cluster: 'ml', pool: 'gpu' });

function personLease(patch: Partial<Lease> = {}): Lease {
  const id = personLeaseId('ann@desk', 'ml/*');
  return {
    ...common,
    kind: 'lease',
    id,
    match: makeMatch('r1:ml/*'),
    atLeast: 3,
    until: now + hourMs,
    time: now,
    ...patch,
  };
}

const override: Override = {
  ...common,
  kind: 'override',
  id: 'override/x',
  match: pool,
  exactly: { min: 1, max: 2 },
  until: now + hourMs,
};
const pause: Pause = {
  ...common,
  kind: 'pause',
  id: 'pause/all',
  match: undefined,
  until: now + hourMs,
  reason: undefined,
};

describe('asks', () => {
  test('come back as they were stored, in order', async () => {
    const store = makeStore();
    await putAsk(store, pause, hourMs);
    await putAsk(store, override, hourMs);
    await putLease(store, personLease(), now);
    expect(await listAsks(store, 'r1')).toEqual([personLease(), override, pause]);
    expect(await listAsks(store, 'r2')).toEqual([]);
  });

  test('that cannot be read are named and left out', async () => {
    const store = makeStore();
    await putAsk(store, pause, hourMs);
    const strange = [null, 3, {}, { ...override, schema: 2 }, { ...override, until: 'soon' }];
    for (const [n, value] of strange.entries()) {
      const key = { partition: 'asks/r1', id: `a${n}` };
      await store.commit([{ kind: 'putIfAbsent', key, value: JSON.parse(JSON.stringify(value)) as null }]);
    }
    const unreadable: string[] = [];
    expect(await listAsks(store, 'r1', (id) => unreadable.push(id))).toHaveLength(1);
    expect(unreadable).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
  });

  test('are listed however many there are', async () => {
    const store = makeStore();
    for (let n = 0; n < 2100; n += 100) {
      await store.commit(
        Array.from({ length: 100 }, (_, i) => {
          const id = `pause/${String(n + i).padStart(5, '0')}`;
          return {
            kind: 'putIfAbsent',
            key: { partition: 'asks/r1', id },
            value: { schema: 1, kind: 'pause', id, region: 'r1', until: now },
          };
        }),
      );
    }
    expect(await listAsks(store, 'r1')).toHaveLength(2100);
  });

  test('are collected a day after their end, leases 14 days later', () => {
    const collected = (ask: Ask, keepMs = 0) => {
      const write = askWrite(ask, undefined, keepMs);
      return 'expiresAt' in write ? ((write.expiresAt ?? 0) - ask.until) / (24 * hourMs) : undefined;
    };
    expect(collected(override)).toBe(1);
    expect(collected(pause)).toBe(1);
    expect(collected(personLease())).toBe(15);
    expect(collected(pause, 30 * 24 * hourMs)).toBe(31);
  });

  test('end early and stay ended', async () => {
    const store = makeStore();
    await putAsk(store, override, hourMs);
    await endAsk(store, override, now + 5, hourMs);
    await endAsk(store, override, now + 9, hourMs);
    expect((await loadAsk(store, 'r1', override.id))?.ask.until).toBe(now + 5);
  });
});

describe("a person's lease", () => {
  test('is replaced by the later request', async () => {
    const store = makeStore();
    await putLease(store, personLease(), now);
    await putLease(store, personLease({ time: now + 1, atLeast: 2 }), now + 1);
    expect(await listAsks(store, 'r1')).toMatchObject([{ atLeast: 2 }]);
  });

  test('is released with a tombstone', async () => {
    const store = makeStore();
    await putLease(store, personLease(), now);
    expect((await releaseLease(store, personLease(), 'bob@desk', now + 1)).kind).toBe('release');
    expect(await putLease(store, personLease(), now + 2)).toMatchObject({ kind: 'release', who: 'bob@desk' });
  });

  test('is released though its time lies ahead of our clock', async () => {
    const store = makeStore();
    const ahead = personLease({ time: now + 60_000 });
    await putLease(store, ahead, now);
    expect((await releaseLease(store, ahead, 'bob@desk', now)).kind).toBe('release');
  });

  test('of somebody else is another one', () => {
    expect(personLeaseId('ann@desk', 'ml/gpu')).not.toBe(personLeaseId('bob@desk', 'ml/gpu'));
    expect(personLeaseId('event:ci', 'x')).toBe('lease/person%3Aevent%3Aci/match/match/x');
  });
});
