import { viewOutbox } from '../../lib/cli/outbox/outbox-view.ts';
import { fleetStatus } from '../../lib/cli/status/fleet-status.ts';
import { statusText } from '../../lib/cli/status/status-text.ts';
import { isKnownShape, unknownRecord } from '../../lib/decide/record-shape.ts';
import { boundedStore } from '../../lib/io/stores/bounded-store.ts';
import type { Key } from '../../lib/io/stores/store.ts';
import { makeReplays } from '../../lib/jobs/accept/replays.ts';
import { putAsk, putLease } from '../../lib/jobs/records/ask-records.ts';
import { listDecisions, storeUninstalled, undoUninstalled } from '../../lib/jobs/records/cluster-records.ts';
import { listHistory, loadOutbox, type Parked, parkedPut } from '../../lib/jobs/records/delivery-records.ts';
import { listKnownDestinations } from '../../lib/jobs/records/destination-records.ts';
import { listSilences, noticeWrite, silenceWrite } from '../../lib/jobs/records/incident-records.ts';
import { listNodes, listSizes, nodesWrites } from '../../lib/jobs/records/past-records.ts';
import { requestWake } from '../../lib/jobs/records/wake-requests.ts';
import type { Json } from '../../lib/model/json.ts';
import { plainLook } from '../cli/cli-world.ts';
import { type AlertNight, anAlertNight, minuteMs, nightStart, passing, smallFleet } from '../support/alert-night.ts';
import { aMatch } from '../support/scaling-world.ts';

const config = `destinations:
  slack: { kind: slack, url: { env: SLACK } }
  hook: { kind: webhook, url: { env: HOOK }, secret: { env: SIGNING } }
schedules: { office: { windows: [{ days: mon-fri, from: "07:00", to: "18:30" }], otherwise: idle } }
pools:
  - { match: "dev-1/workers", schedule: office, base: 3, idle: 1 }
  - { match: "dev-2/*", schedule: office, base: remembered, idle: 0, limits: { min: 0 } }
safety: { brake: off }
`;

/** A store that holds every kind of record, and the fleet that it is about. */
export async function aFullNight(): Promise<AlertNight> {
  const night = await anAlertNight(config, { fleet: smallFleet(5) });
  const { store, clock } = night;
  const asked = { schema: 1, region: 'r1', who: 'ada', reason: 'r', askedAt: nightStart } as const;
  const until = nightStart + 300 * minuteMs;
  const match = aMatch('dev-4/workers');
  const time = nightStart;
  await putAsk(store, { ...asked, kind: 'pause', id: 'pause/1', match, until }, 0);
  await putAsk(store, { ...asked, kind: 'override', id: 'over/1', match, exactly: 2, until }, 0);
  await putAsk(store, { ...asked, kind: 'approval', id: 'approval/x', configHash: 'x', until }, 0);
  await putLease(store, { ...asked, kind: 'lease', id: 'lease/1', match, atLeast: 2, time, until }, clock.now());
  await putLease(store, { ...asked, kind: 'release', id: 'lease/2', time, until }, clock.now());
  const silence = { schema: 1, who: 'ada', reason: undefined, askedAt: nightStart, until } as const;
  await store.commit([silenceWrite({ ...silence, id: 's1', scope: { kind: 'match', match: aMatch('dev-5') } })]);
  await makeReplays({ store, clock }).remember('ci', 'msg_1');
  await storeUninstalled(store, { at: nightStart, who: 'ada', reason: undefined });
  await undoUninstalled(store, nightStart, 'ada');
  await requestWake(store, nightStart);
  night.receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 503 } });
  for (const name of ['dev-3', 'dev-4']) night.world.setClusterError(name, 'no quota');
  await night.ticks(4);
  for (const name of ['dev-1', 'dev-2', 'dev-5']) night.world.setClusterError(name, 'no quota');
  await night.ticks(6);
  const notice = { kind: 'was-off', subject: { kind: 'fleet' }, text: 'it was off', at: clock.now() } as const;
  await store.commit([noticeWrite(notice, 'n1')]);
  const nodes = { schema: 1, at: clock.now(), shard: '0/1', isWhole: true, nodes: { p1: 3 } } as const;
  await store.commit(nodesWrites('r1', nodes, () => 'n1', 300 * minuteMs));
  await store.commit([parkedPut(await oneWaiting(night), clock.now() + 300 * minuteMs)]);
  return night;
}

async function oneWaiting({ store, clock }: AlertNight): Promise<Parked> {
  const destinations = await listKnownDestinations(store);
  const outboxes = await Promise.all(destinations.map(({ known }) => loadOutbox(store, known.id)));
  const { delivery } = outboxes.flatMap(({ deliveries }) => deliveries)[0]!;
  return { schema: 1, delivery, reason: 'refused', at: clock.now() };
}

export type Found = { readonly key: Key; readonly value: Json };

/** One record of every kind: of each partition, and of ids that mean something else in it. */
export function oneOfEach(night: AlertNight): readonly Found[] {
  const records = [...night.store.snapshot()].flatMap(([, rows]) => [...rows.values()].map(({ record }) => record));
  const kindOf = ({ partition, id }: Key) => {
    const isNamed = /^(?:fleet|asks|outbox|obs)/u.test(partition);
    return `${partition} ${isNamed ? id.replace(/[0-9a-f]{8,}[^]*$/u, '') : ''}`;
  };
  return [...Map.groupBy(records, ({ key }) => kindOf(key)).values()].map(([first]) => first!);
}

/** Every way in which one part of a value can be missing, nothing, or of another type. */
export function mutants(value: Json, depth = 4): readonly Json[] {
  const others = [null, 'text', 7, [], {}].filter((other) => typeof other !== typeof value || other === null);
  const own = others.filter((other) => JSON.stringify(other) !== JSON.stringify(value)) as readonly Json[];
  if (depth === 0 || typeof value !== 'object' || value === null) return own;
  const entries = Object.entries(value);
  const parts = entries.flatMap(([name, part]) => {
    const without = entries.filter(([other]) => other !== name);
    const changed = mutants(part, depth - 1).map((one) =>
      Array.isArray(value)
        ? value.map((kept: Json, at) => (String(at) === name ? one : kept))
        : Object.fromEntries([...without, [name, one]]),
    );
    return Array.isArray(value) ? changed : [...changed, Object.fromEntries(without)];
  });
  return [...own, ...parts];
}

export type Trial = { readonly threw: string | undefined; readonly isNamed: boolean; readonly isKnown: boolean };

/** The jobs and the views on this store with that one value in it. Everything is as before afterwards. */
export async function tryValue(night: AlertNight, { key }: Found, value: Json): Promise<Trial> {
  const { store, app, clock } = night;
  const before = store.snapshot();
  const told: string[] = [];
  const logged = night.logged.length;
  const version = (await store.read(key))!.version;
  await store.commit([{ kind: 'putIfVersion', key, value, version }]);
  const views = boundedStore({ ...store }, clock, (text) => told.push(text));
  let threw: string | undefined;
  const step = async (name: string, work: () => Promise<unknown>) => {
    try {
      await passing(clock, work());
    } catch (error) {
      threw ??= `${name}: ${error instanceof Error ? error.stack : String(error)}`;
    }
  };
  await step('status', async () =>
    statusText(await fleetStatus(views, night.config, clock.now()), night.config, plainLook),
  );
  await step('outbox', () => viewOutbox(views, night.config, clock.now()));
  for (const look of [listHistory, listSilences]) await step(look.name, () => look(views));
  for (const look of [listSizes, listNodes]) await step(look.name, () => look(views, 'r1', 0));
  await step('history', () => listDecisions(views, 'r1'));
  await step('replays', () => makeReplays({ store: views, clock }).isKnown('ci', 'msg_1'));
  await step('scale', () => app.scale(night.config));
  await step('watch', () => app.watch(night.config));
  await step('deliver', () => app.deliver(night.config));
  store.restore(before);
  const name = unknownRecord(key);
  const said = [...told, ...night.logged.slice(logged)].join('\n');
  return { threw, isNamed: said.includes(name.slice(0, 60)), isKnown: isKnownShape(key, value) };
}
