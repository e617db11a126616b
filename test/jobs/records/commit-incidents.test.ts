import { describe, expect, test } from 'vitest';
import type { IncidentChange } from '../../../lib/decide/incidents/step-incidents.ts';
import { StoreError } from '../../../lib/errors.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { commitIncidents } from '../../../lib/jobs/records/commit-incidents.ts';
import { deliveryWrite, incidentWrite, listIncidents } from '../../../lib/jobs/records/incident-records.ts';
import { bad, destination, incidentWorld, pool, start } from '../../decide/incidents/incident-world.ts';

const minute = 60_000;

/** One incident as a pass opens it, with a message for each of two destinations. */
function anOpening(): IncidentChange {
  const deliveries = pass();
  return { before: undefined, record: world.record('pool.error', pool)!, deliveries };
}

let world = incidentWorld();

function pass() {
  world = incidentWorld([destination('ops'), destination('pager')]);
  world.pass(start, bad('pool.error', pool, start));
  return world.pass(start + 5 * minute, bad('pool.error', pool, start + 5 * minute));
}

function aStore(): Store & { readonly waiting: () => Promise<readonly string[]> } {
  let ids = 0;
  const store = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const waiting = async () => {
    const all = await Promise.all(['ops', 'pager'].map((id) => store.list(`outbox/${id}`)));
    return all.flat().map(({ value }) => (value as { readonly destination: string }).destination);
  };
  return { ...store, waiting };
}

describe('an incident that was opened', () => {
  test('is stored with its messages, at once', async () => {
    const store = aStore();
    const change = anOpening();
    expect(await commitIncidents(store, [change], new Map())).toEqual({ done: [change], failed: [] });
    expect(await store.waiting()).toEqual(['ops', 'pager']);
  });

  test('by another process meanwhile stores no messages', async () => {
    const store = aStore();
    const change = anOpening();
    await store.commit([incidentWrite({ ...change.record, text: 'theirs' }, undefined)]);
    const outcome = await commitIncidents(store, [change], new Map());
    expect(outcome).toEqual({ done: [], failed: [{ change, reason: 'another process changed it meanwhile' }] });
    expect(await store.waiting()).toEqual([]);
    expect((await listIncidents(store)).map(({ record }) => record.text)).toEqual(['theirs']);
  });

  test('and is known at an older version stores nothing either', async () => {
    const store = aStore();
    const change = anOpening();
    await store.commit([incidentWrite(change.record, undefined)]);
    const outcome = await commitIncidents(store, [change], new Map([[change.record.key, 'older']]));
    expect([outcome.done.length, await store.waiting()]).toEqual([0, []]);
  });

  test('by another process that also left one of its messages stores nothing', async () => {
    const store = aStore();
    const change = anOpening();
    await store.commit([incidentWrite(change.record, undefined), deliveryWrite(change.deliveries[1]!)]);
    expect((await commitIncidents(store, [change], new Map())).done).toEqual([]);
    expect(await store.waiting()).toEqual(['pager']);
  });

  test('after a message of it that is there already is stored with the rest', async () => {
    const store = aStore();
    const change = anOpening();
    await store.commit([deliveryWrite(change.deliveries[0]!)]);
    expect((await commitIncidents(store, [change], new Map())).done).toEqual([change]);
    expect([await store.waiting(), (await listIncidents(store)).length]).toEqual([['ops', 'pager'], 1]);
  });

  test('while the store is down is named, with why', async () => {
    const store = { ...aStore(), commit: () => Promise.reject(new StoreError('the table is away')) };
    const change = anOpening();
    expect((await commitIncidents(store, [change], new Map())).failed).toEqual([
      { change, reason: 'the table is away' },
    ]);
  });
});
