import { describe, expect, test } from 'vitest';
import { boundedByNow } from '../../lib/decide/stored-time.ts';
import { type MemorySnapshot, type MemoryStore, makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import { listAsks, putAsk } from '../../lib/jobs/records/ask-records.ts';
import { countSavings } from '../../lib/jobs/records/count-savings.ts';
import { loadOutbox } from '../../lib/jobs/records/delivery-records.ts';
import { listKnownDestinations } from '../../lib/jobs/records/destination-records.ts';
import { listIncidents, listSilences, silenceWrite } from '../../lib/jobs/records/incident-records.ts';
import { listNodes } from '../../lib/jobs/records/past-records.ts';
import { listRoundHeads } from '../../lib/jobs/records/round-findings.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import type { Json } from '../../lib/model/json.ts';
import { aFullNight } from '../hostile/unknown-records.ts';
import type { AlertNight } from '../support/alert-night.ts';
import { aChat, deliveriesIn } from '../support/announced-night.ts';
import { aNight, type Night } from '../support/night-app.ts';
import { aMatch, aRule, at, hour, minute } from '../support/scaling-world.ts';

const day = 24 * hour;
const aheadMs = 400 * day;
const evening = at('2026-03-03T18:00:00Z');

let evenings: Promise<MemorySnapshot> | undefined;

/** Everything that jobs write down, after some hours of an evening on which much goes wrong: each test has its own copy. */
async function anEvening(): Promise<MemorySnapshot> {
  evenings ??= livedEvening();
  return evenings;
}

async function livedEvening(): Promise<MemorySnapshot> {
  let ids = 0;
  const store = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  const night = aNight(evening, { rules, destinations }, { store });
  const asked = { schema: 1, region: 'r1', who: 'ada@lab', reason: undefined, askedAt: evening } as const;
  await putAsk(
    store,
    { ...asked, kind: 'pause', id: 'pause/1', match: aMatch('ml/*'), until: evening + 4 * hour },
    day,
  );
  const scope = { kind: 'match', match: aMatch('ml') } as const;
  const silence = { schema: 1, id: 's1', scope, until: evening + 3 * hour, who: 'ada', reason: undefined } as const;
  await store.commit([silenceWrite({ ...silence, askedAt: evening })]);
  night.world.setClusterError('mgmt', 'disk full');
  night.world.makeStuck('dev-api/workers');
  for (let i = 0; i < 18; i += 1) {
    if (i === 6) night.world.personResizes('dev-batch/workers', { size: 7 });
    await tick(night);
  }
  return store.snapshot();
}

const rules = [
  aRule({ match: aMatch('dev-*/*'), base: 'remembered' }),
  aRule({ match: aMatch('ml/gpu'), base: { min: 0, max: 4 }, idle: 0, hash: 'gpu' }),
];
const destinations = [] as const;

async function tick(night: Night): Promise<void> {
  await night.app.scale(night.config);
  await night.app.watch(night.config);
  await night.app.deliver(night.config);
  await night.clock.advance(5 * minute);
}

/** The same as a clock that was so far ahead would have written it: every instant, in values and in ids. */
function fromTheFuture(snapshot: MemorySnapshot, shiftMs = aheadMs): MemorySnapshot {
  const shifted = (value: Json, name = ''): Json => {
    if (typeof value === 'number')
      return value > 1e12 && !/^(updatedAt|createdAt|date)$/.test(name) ? value + shiftMs : value;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((part: Json) => shifted(part));
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shifted(part, key)]));
  };
  const idOf = (id: string) =>
    id.replace(/(?<![0-9a-f])\d{13,15}(?![0-9a-f])/g, (n) => String(Number(n) + shiftMs).padStart(n.length, '0'));
  return new Map(
    [...snapshot].map(([partition, rows]) => [
      partition,
      new Map(
        [...rows].map(([id, row]) => {
          const { key, value, version } = row.record;
          const record = { key: { ...key, id: idOf(id) }, value: shifted(value), version };
          return [record.key.id, { ...row, record }];
        }),
      ),
    ]),
  );
}

async function healed(): Promise<{ night: Night; store: MemoryStore }> {
  const before = await anEvening();
  let ids = 0;
  const store = makeMemoryStore({ newId: () => `w${(ids += 1)}`, snapshot: fromTheFuture(before) });
  const night = aNight(evening + 3 * hour, { rules, destinations }, { store });
  return { night, store };
}

/** Instants further ahead than anything may last: "<partition> <path>". */
function ahead(snapshot: MemorySnapshot, now: number): readonly string[] {
  const found = (value: Json, path: string): readonly string[] => {
    if (typeof value === 'number') return value > now + 15 * day && value < now + 10_000 * day ? [path] : [];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, part]) => found(part, `${path}.${name}`));
  };
  return [...snapshot].flatMap(([partition, rows]) =>
    [...rows].flatMap(([, { record }]) => found(record.value, partition)),
  );
}

describe('a store that was written by a clock 400 days ahead', () => {
  test('is put right in every record kind by the first rounds of a right one', async () => {
    const { night, store } = await healed();
    const kinds = new Set(ahead(store.snapshot(), night.clock.now()).map((path) => path.replace(/[/.].*/, '')));
    expect([...kinds].sort()).toEqual(
      expect.arrayContaining(['asks', 'clusters', 'findings', 'incidents', 'obs', 'obs-times', 'seen', 'silences']),
    );
    for (let i = 0; i < 3; i += 1) await tick(night);
    // What was is only shown; ids and names of episodes stay what they are; a claim from the future settles by itself.
    const shown =
      /^(decisions|hist|sizes|nodes|rules)|\.(episode|armedAt|claimedAt|updatedAt(\.\d+\.1)?|createdAt|date)$/;
    expect(ahead(store.snapshot(), night.clock.now()).filter((path) => !shown.test(path))).toEqual([]);
  });

  test('lets a pause and a silence last as long as they were meant to', async () => {
    const { night, store } = await healed();
    const now = night.clock.now();
    await tick(night);
    const [pause] = await listAsks(store, 'r1');
    expect(pause?.until).toBe(now + 4 * hour);
    const [silence] = await listSilences(store);
    expect(silence?.silence.until).toBe(now + 3 * hour);
  });

  test('silences nothing that goes wrong afterwards', async () => {
    const { night, store } = await healed();
    await tick(night);
    night.world.setClusterError('prod-web', 'no quota');
    for (let i = 0; i < 4; i += 1) await tick(night);
    const open = (await listIncidents(store)).flatMap(({ record }) =>
      record.phase === 'open' && record.kind === 'cluster.error' ? [record.subject] : [],
    );
    expect(open).toContainEqual(expect.objectContaining({ cluster: 'prod-web' }));
  });

  test('tells of a pool that is late, and of rounds that are missed', async () => {
    const { night, store } = await healed();
    await tick(night);
    await night.clock.advance(at('2026-03-04T06:55:00Z') - night.clock.now());
    for (const { name, pools } of night.world.clusters())
      for (const pool of pools) if (name.startsWith('dev-')) night.world.makeStuck(`${name}/${pool.name}`);
    for (let i = 0; i < 26; i += 1) await tick(night);
    const kinds = async () =>
      (await listIncidents(store)).flatMap(({ record }) => (record.phase === 'open' ? [record.kind] : []));
    expect(await kinds()).toContain('pool.late');
    await night.clock.advance(2 * hour);
    for (let i = 0; i < 3; i += 1) {
      await night.app.deliver(night.config);
      await night.clock.advance(minute);
    }
    expect(await kinds()).toContain('rounds.missed');
  });

  test('is not rewritten while no region answers, which alone says what time it is', async () => {
    const { night, store } = await healed();
    night.world.setFault(() => ({ kind: 'status', status: 403 }));
    const kept = () => Promise.all(['asks/r1', 'silences', 'clusters/r1'].map((partition) => store.list(partition)));
    const before = await kept();
    await tick(night);
    expect(await kept()).toEqual(before);
  });

  test('is not rewritten by a clock that is behind', async () => {
    let ids = 0;
    const store = makeMemoryStore({ newId: () => `w${(ids += 1)}`, snapshot: await anEvening() });
    const before = await store.list('clusters/r1');
    const night = aNight(evening - 30 * day, { rules, destinations }, { store });
    night.world.behaviour.dateSkewMs = 30 * day;
    await tick(night);
    expect(await store.list('clusters/r1')).toEqual(before);
  });
});

describe.each([
  // A machine that takes its own time for UTC, corrected: no wait of a sender is too long for this.
  ['two hours', 2 * hour],
  ['400 days', aheadMs],
])('an outbox that was written by a clock %s ahead', (_, shiftMs) => {
  async function shiftedNight(): Promise<AlertNight> {
    const night = await aFullNight();
    night.store.restore(fromTheFuture(night.store.snapshot(), shiftMs));
    return night;
  }

  test('is put right and sent, every record of it', async () => {
    const night = await shiftedNight();
    const waiting = async () => {
      const ids = (await listKnownDestinations(night.store)).map(({ known }) => known.id);
      const boxes = await Promise.all(ids.map((id) => loadOutbox(night.store, id)));
      return boxes.reduce((sum, { deliveries, batch }) => sum + deliveries.length + (batch ? 1 : 0), 0);
    };
    expect(await waiting()).toBeGreaterThan(3);
    night.receivers.slack.faults = () => undefined;
    await night.ticks(2);
    // What a 503 may have accepted is sent again two hours later.
    await night.delivers(150);
    expect(await waiting()).toBe(0);
    const shown =
      /^(decisions|hist|sizes|nodes|rules|parked|replays|fleet)|\.(episode|armedAt|claimedAt|updatedAt|createdAt|date)(\.|$)/;
    expect(ahead(night.store.snapshot(), night.clock.now()).filter((path) => !shown.test(path))).toEqual([]);
  });

  test('keeps nobody from hearing of what goes wrong afterwards, and of its end', async () => {
    const night = await shiftedNight();
    night.receivers.slack.faults = () => undefined;
    await night.ticks(2);
    for (let i = 1; i <= 5; i += 1) night.world.clearClusterError(`dev-${i}`);
    await night.ticks(6);
    await night.delivers(30);
    const before = night.receivers.slack.posts.length;
    night.world.setClusterError('dev-3', 'a new trouble');
    await night.ticks(4);
    await night.delivers(3);
    const said = night.receivers.slack.posts
      .slice(before)
      .map((post) => JSON.stringify(post))
      .join('\n');
    expect(said).toContain('a new trouble');
  });
});

describe('rounds that are missed after one from the future', () => {
  test('are told, though nobody makes a round any more', async () => {
    const { night, store } = await healed();
    for (let i = 0; i < 30; i += 1) {
      await night.app.deliver(night.config);
      await night.clock.advance(minute);
    }
    const kinds = (await listIncidents(store)).flatMap(({ record }) => (record.phase === 'open' ? [record.kind] : []));
    expect(kinds).toContain('rounds.missed');
  });
});

/** A fleet whose store goes on from night to night; `aheadMs`: how far ahead this night's clock is. */
function nights(config: Partial<CompiledConfig>) {
  let ids = 0;
  const store = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
  return {
    store,
    rounds: async (from: string, count: number, { aheadMs: skewMs = 0, isToldSo = false } = {}) => {
      const night = aNight(at(from) + skewMs, config, { store });
      if (isToldSo) night.world.behaviour.dateSkewMs = -skewMs;
      for (let i = 0; i < count; i += 1) {
        await night.app.scale(night.config);
        await night.app.watch(night.config);
        await night.clock.advance(5 * minute);
      }
      return night;
    },
  };
}

describe('one round of a clock that was 400 days ahead', () => {
  const ahead = { aheadMs };
  const told = { aheadMs, isToldSo: true };

  test.each([
    ['when the API agrees', ahead],
    ['when the API contradicts', told],
  ])('keeps no digest from being sent, %s', async (_, wrong) => {
    const digest = { to: ['ops'], weekday: 1, seconds: 8 * 3600 } as const;
    const { store, rounds } = nights({ rules, destinations: [aChat('ops')], digest });
    await rounds('2026-03-03T18:00:00Z', 2);
    await rounds('2026-03-03T18:10:00Z', 1, wrong);
    await rounds('2026-03-03T18:15:00Z', 2);
    await rounds('2026-03-09T07:50:00Z', 4);
    await rounds('2026-03-16T07:50:00Z', 4);
    const periods = (await deliveriesIn(store, 'digest')).map(({ facts }) => facts.facts['period']);
    expect(periods).toEqual(expect.arrayContaining(['2026-03-09T08:00:00.000Z', '2026-03-16T08:00:00.000Z']));
  });

  test('is no gap of 400 days', async () => {
    const { store, rounds } = nights({ rules, destinations });
    await rounds('2026-03-03T18:00:00Z', 2);
    await rounds('2026-03-03T18:10:00Z', 1, ahead);
    const { config, clock } = await rounds('2026-03-03T18:15:00Z', 24);
    const { gaps } = await countSavings(store, config, at('2026-03-03T18:00:00Z'), clock.now());
    expect(gaps.reduce((sum, [from, to]) => sum + to - from, 0)).toBeLessThan(30 * minute);
    const lasting = (await listRoundHeads(store, 'r1')).flatMap(({ looks }) => looks?.gaps ?? []);
    expect(lasting.filter(([, to]) => to > clock.now())).toEqual([]);
  });

  test('is not what nodes are compared with', async () => {
    const { store, rounds } = nights({ rules, destinations });
    await rounds('2026-03-03T18:00:00Z', 2);
    await rounds('2026-03-03T18:10:00Z', 1, ahead);
    await rounds('2026-03-04T09:00:00Z', 12);
    const records = await listNodes(store, 'r1', at('2026-03-04T00:00:00Z'));
    expect(records.filter(({ at: then }) => then < at('2026-03-05T00:00:00Z'))).toContainEqual(
      expect.objectContaining({ isWhole: true }),
    );
  });

  test('ends no silence that goes on, while the API contradicts', async () => {
    const { store, rounds } = nights({ rules, destinations });
    const scope = { kind: 'match', match: aMatch('ml') } as const;
    const silence = { schema: 1, id: 's1', scope, until: evening + 24 * hour, who: 'ada', reason: undefined } as const;
    await store.commit([silenceWrite({ ...silence, askedAt: evening })]);
    await rounds('2026-03-03T18:00:00Z', 2);
    await rounds('2026-03-03T18:10:00Z', 2, told);
    await rounds('2026-03-03T18:15:00Z', 1);
    expect((await listSilences(store)).map(({ silence: { until } }) => until)).toEqual([silence.until]);
  });
});

const now = at('2026-03-03T18:00:00Z');
const later = now + aheadMs;

test.each<[string, Json, Json]>([
  ['a past instant', { at: later }, { at: now }],
  ['one within the hands of two clocks', { at: now + 4 * minute }, { at: now + 4 * minute }],
  ['what lasts from then on', { since: later, until: later + hour }, { since: now, until: now + hour }],
  ['what a person asked for', { askedAt: later, until: later + hour }, { askedAt: now, until: now + hour }],
  ['an end alone', { until: later }, { until: later }],
  ['a lock', { lease: { owner: 'a', until: later } }, { lease: { owner: 'a', until: now } }],
  ['a wait', { nextAt: later }, { nextAt: now }],
  ['a wait that may be', { nextAt: now + hour }, { nextAt: now + hour }],
  [
    'the wait after an attempt',
    { nextAt: now + 2 * hour, bucket: { tokens: 1, at: now + 2 * hour } },
    { nextAt: now, bucket: { tokens: 1, at: now } },
  ],
  [
    'a back-off',
    { nextAt: now + 2.5 * hour, bucket: { tokens: 1, at: now + 2 * hour } },
    { nextAt: now, bucket: { tokens: 1, at: now } },
  ],
  [
    'the wait of a message that may have been accepted',
    { lastAttemptAt: later, doubt: { count: 1, until: later + hour } },
    { lastAttemptAt: now, doubt: { count: 1, until: now + hour } },
  ],
  ['one that is older', { lastAttemptAt: now, doubt: { until: later } }, { lastAttemptAt: now, doubt: { until: now } }],
  ['a rule', { knownSince: later, rule: { at: later } }, { knownSince: now, rule: { at: later } }],
  ['a table', { times: { a: later, b: 5 } }, { times: { a: now, b: 5 } }],
  ['a list', { resolved: [5, later] }, { resolved: [5, now] }],
  ['the service’s own', { updatedAt: later }, { updatedAt: later }],
  ['no number', { at: 'soon', since: null }, { at: 'soon', since: null }],
])('%s', (_what, stored, read) => {
  expect(boundedByNow(stored, now)).toEqual(read);
});

test('what need not change is the same object', () => {
  const record: Json = { at: now, pools: { a: { seen: { at: 1 }, foreign: [1, 2] } } };
  expect(boundedByNow(record, now)).toBe(record);
});
