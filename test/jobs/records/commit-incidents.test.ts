import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { IncidentChange } from '../../../lib/decide/incidents/step-incidents.ts';
import { StoreError } from '../../../lib/errors.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { commitIncidents, destinationStates } from '../../../lib/jobs/records/commit-incidents.ts';
import { listKnownDestinations, type StoredDestination } from '../../../lib/jobs/records/destination-records.ts';
import { deliveryWrite, incidentWrite, listIncidents } from '../../../lib/jobs/records/incident-records.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';
import { bad, destination, incidentWorld, pool, start } from '../../decide/incidents/incident-world.ts';
import { aDestination } from '../../support/destination.ts';

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

describe('the destinations', () => {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const [ops, pager] = [aDestination('ops'), aDestination('pager', { kind: 'pagerduty', retired: true })];
  const stored = async (...destinations: readonly DestinationConfig[]) => {
    const store = aStore();
    await store.commit(destinationStates(destinations, [], new Map(), hash).writes);
    return listKnownDestinations(store);
  };
  const backwards = (value: object): object =>
    Object.fromEntries(
      Object.entries(value)
        .map(([name, part]) => [name, part?.constructor === Object ? backwards(part) : part])
        .toReversed(),
    );

  test('are stored once, in whatever order a store gives their keys back', async () => {
    const known = await stored(ops, pager);
    expect(known).toHaveLength(2);
    const turned = known.map((one) => ({ ...one, known: backwards(one.known) as typeof one.known }));
    for (const before of [known, turned])
      expect(destinationStates([ops, pager], before, new Map(), hash)).toMatchObject({
        states: [
          { name: 'ops', kind: 'slack', retired: false },
          { name: 'pager', retired: true },
        ],
        writes: [],
        removed: [],
        replaced: [],
      });
  });

  test.each<[string, Partial<DestinationConfig>]>([
    ['retired', { retired: true }],
    ['sent other things', { only: { severity: 'critical', kinds: ['pool.late'], clusters: undefined } }],
    ['in another zone', { zone: 'Europe/Berlin' }],
  ])('are stored again where one is %s', async (_, patch) => {
    const known = await stored(ops, pager);
    const { writes } = destinationStates([{ ...ops, ...patch }, pager], known, new Map(), hash);
    const before = known.find(({ known: { destination: one } }) => one.name === 'ops');
    expect(writes).toMatchObject([{ kind: 'putIfVersion', version: before?.version, value: { destination: patch } }]);
  });

  test('that left the config, or have another address, are told apart', async () => {
    const known = await stored(ops, pager);
    const moved = aDestination('ops', { url: { kind: 'env', name: 'OTHER' } });
    const { states, writes, removed, replaced } = destinationStates([moved], known, new Map(), hash);
    expect(states.map(({ name, retired }) => [name, retired])).toEqual([
      ['ops', false],
      ['ops', true],
    ]);
    expect([writes.length, removed.map(nameOf), replaced.map(nameOf)]).toEqual([1, ['pager'], ['ops']]);
  });

  test('are broken since the time that is stored under their id or name', () => {
    const [{ id } = { id: '' }] = destinationStates([ops], [], new Map(), hash).states;
    const since = (broken: ReadonlyMap<string, number>) =>
      destinationStates([ops], [], broken, hash).states[0]?.brokenSince;
    expect([since(new Map([[id, 5]])), since(new Map([['ops', 7]])), since(new Map([['pager', 9]]))]).toEqual([
      5,
      7,
      undefined,
    ]);
  });
});

const nameOf = ({ known }: StoredDestination) => known.destination.name;
