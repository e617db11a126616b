import { createHash } from 'node:crypto';
import type { App } from '../../../lib/app.ts';
import type { Fetch } from '../../../lib/io/http/exchange.ts';
import { putAsk } from '../../../lib/jobs/records/ask-records.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import type { EventSourceConfig, Match } from '../../../lib/model/config.ts';
import type { EpochMs } from '../../../lib/model/time.ts';
import { createWorld, type World } from '../../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../../lib/simulator/simulator-app.ts';
import { compiled } from '../../config/compile-text.ts';
import { type Lives, makeLives } from '../alerts/lives.ts';
import { type Chance, makeChance } from '../chance.ts';
import { type Kernel, makeKernel } from '../kernel.ts';
import { makeSimulatedStore, type SimulatedStore } from '../simulated-store.ts';

export const eventFaults = [
  'crash',
  'store',
  'twice',
  'disorder',
  'late',
  'people',
  'releases',
  'exception',
  'alerts',
] as const;
export type EventFault = (typeof eventFaults)[number];
export type EventOptions = { readonly seed: number; readonly days?: number; readonly faults?: readonly EventFault[] };

export type SimulatedEvents = {
  readonly violations: readonly { readonly at: EpochMs; readonly kind: string; readonly text: string }[];
  readonly faults: readonly EventFault[];
  readonly hash: string;
  readonly sent: number;
  readonly puts: number;
  readonly clusterDays: number;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const config = `timezone: UTC
regions:
  r1: { api: "http://127.0.0.1:8090", token: { env: TOKEN } }
schedules:
  office: { windows: [{ days: mon-sun, from: "07:00", to: "19:00" }], otherwise: idle }
pools:
  - { match: "deva/workers", schedule: office, base: 3, idle: 0, limits: { min: 0 }, leases: { max: 8, longest: 12h } }
  - { match: "devb/workers", schedule: office, base: 2, idle: 1, leases: { max: 6, longest: 12h } }
events:
  ci: { kind: json, secret: { env: K }, may: ["dev*/workers"] }
  load: { kind: alertmanager, secret: { env: K }, pool: "{{cluster}}/workers", atLeast: 5, for: 2h, may: ["dev*/workers"] }
`;
const alertNodes = 5;
const alertForMs = 2 * hourMs;
const exception = (at: EpochMs) => `exceptions:
  - { match: "dev*/*", start: ${iso(at)}, end: ${iso(at + 20 * hourMs)}, size: idle, reason: closed }
`;
const caps: { readonly [cluster: string]: number } = { deva: 8, devb: 6 };

/** What a sender was told is stored; `key` names its lease. */
type Asked = {
  readonly cluster: string;
  readonly key: string;
  readonly atLeast: number;
  readonly time: EpochMs;
  readonly until: EpochMs;
};
type Released = { readonly cluster: string; readonly key: string; readonly time: EpochMs };

/** One alert: when it was said to fire and that was taken, and when it was last said to have ended. */
type Alerted = {
  readonly cluster: string;
  readonly from: EpochMs;
  readonly firing: { readonly sentAt: EpochMs; readonly at: EpochMs }[];
  readonly ends: EpochMs[];
};

type Stage = {
  readonly kernel: Kernel;
  readonly world: World;
  readonly chance: Chance;
  readonly store: SimulatedStore;
  readonly end: EpochMs;
  readonly faults: ReadonlySet<EventFault>;
  readonly acked: (Asked & { readonly at: EpochMs })[];
  readonly sent: Asked[];
  readonly released: Released[];
  readonly alerts: Alerted[];
  /** When people paused or overrode something; nothing is promised then, nor for an hour after. */
  readonly byHand: { readonly from: EpochMs; readonly until: EpochMs }[];
  readonly violate: (kind: string, text: string) => void;
};

/** Production intake and rounds under storms, duplicates, crashes and redelivery after days. */
export async function simulateEvents({ seed, days = 3, faults }: EventOptions): Promise<SimulatedEvents> {
  const chance = makeChance(seed, 'events');
  const drawn = eventFaults.filter((fault) => (fault === 'alerts' ? makeChance(seed, fault) : chance).is(0.5));
  const active = new Set(faults ?? drawn);
  const start = Date.UTC(2026, 10, 23) + chance.integer(0, 200) * hourMs;
  const end = start + days * dayMs;
  const kernel = makeKernel(start);
  const clock = { now: kernel.now, sleep: kernel.sleep };
  const pools = [{ name: 'workers', size: 3 }];
  const world = createWorld({
    clock,
    seed,
    fleet: {
      clusters: [
        { name: 'deva', pools },
        { name: 'devb', pools },
      ],
    },
    keepRequests: 10,
  });
  let ids = 0;
  const store = makeSimulatedStore({
    kind: 'memory',
    newId: () => `${seed}-${(ids += 1)}`,
    clock,
    chance: makeChance(seed, 'event store'),
    onFault: () => {},
  });
  const violations: { at: EpochMs; kind: string; text: string }[] = [];
  const lines: string[] = [];
  const stage: Stage = {
    kernel,
    world,
    chance,
    store,
    end,
    faults: active,
    acked: [],
    sent: [],
    released: [],
    alerts: [],
    byHand: [],
    violate: (kind, text) => void violations.push({ at: kernel.now(), kind, text }),
  };
  const extra = active.has('exception') ? exception(start + chance.integer(5, 30) * hourMs) : '';
  const inForce = await compiled(`${config}${extra}`, { now: start });
  const [source, alertSource] = [inForce.events[0]!, inForce.events[1]!];
  const api = simulatorApp(world).fetch;
  const puts: { readonly at: EpochMs; readonly cluster: string; readonly size: number }[] = [];
  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.method === 'PUT') {
      const [, clusterId] = /\/cluster\/([^/]+)/.exec(request.url) ?? [];
      const cluster = world.clusters().find(({ id }) => id === clusterId);
      const { size } = JSON.parse(await request.clone().text()) as { size: number };
      if (cluster) {
        puts.push({ at: kernel.now(), cluster: cluster.name, size });
        lines.push(`${kernel.now()} PUT ${cluster.name} ${size}`);
        judgePut(stage, cluster.name, size);
      }
    }
    return api(request);
  };
  const dangers = { crash: active.has('crash') ? 1 / 60 : 0, sleep: 0 };
  const parts = {
    kernel,
    chance: makeChance(seed, 'event lives'),
    store,
    fetch,
    env: { TOKEN: world.token, K: 'whsec_bGFtcGxpZ2h0ZXItc2ltdWxhdGlvbg==' },
    newId: () => `${seed}-p${(ids += 1)}`,
    dangers,
    onLine: (text: string) => {
      if (text.includes(world.token)) stage.violate('secret', text.slice(0, 100));
    },
    onThrown: (job: string, error: unknown) =>
      stage.violate('thrown', `${job} ${error instanceof Error ? error.stack : ''}`),
    onTouch: (point: string, what: string) => {
      if (what !== 'passed') lines.push(`${kernel.now()} ${what} ${point}`);
    },
  };
  const processes = [makeLives(parts), makeLives(parts)];
  const round = (process: Lives, isTimed: boolean) =>
    process.run('scale', isTimed, async (app) => void (await app.scale(inForce)));
  const every = (ms: number, work: () => void) => {
    const tick = () => {
      work();
      if (kernel.now() + ms < end) kernel.at(kernel.now() + ms, tick);
    };
    kernel.at(start + ms, tick);
  };
  every(5 * minuteMs, () => void round(processes[0]!, chance.is(0.2)));
  every(5 * minuteMs, () => judgeLevels(stage));
  const sendTo =
    (to: EventSourceConfig): Send =>
    (bodies, done) => {
      const process = chance.pick(processes);
      // A way in takes several requests at once.
      const job = `accept ${lines.length} ${kernel.now()}`;
      void process.run(job, chance.is(0.5), async (app: App) => {
        const wake = () => void round(process, chance.is(0.5));
        const outcomes = await app.accept(
          inForce,
          to,
          bodies.map((body) => ({ body })),
          wake,
        );
        done(outcomes.map(({ kind }) => kind));
      });
    };
  letSendersSend(stage, sendTo(source));
  if (active.has('alerts')) letAlertsFire(stage, sendTo(alertSource), makeChance(seed, 'alert stories'));
  if (active.has('people')) letPeopleAsk(stage);
  if (active.has('store')) letStoreFail(stage);
  kernel.at(end - 6 * hourMs, () => {
    dangers.crash = 0;
    store.rate = 0;
  });
  await kernel.run(end);
  await judgeState(stage);
  judgeCount(stage, puts, days);
  return {
    violations,
    faults: [...active],
    hash: createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16),
    sent: stage.sent.length,
    puts: puts.length,
    clusterDays: 2 * days,
  };
}

type Send = (bodies: readonly string[], done: (kinds: readonly string[]) => void) => void;

/** Bursts of asks for one pool; what is not acknowledged comes again, and some of it comes twice, late, or in disorder. */
function letSendersSend(stage: Stage, send: Send): void {
  const { kernel, chance, end, faults } = stage;
  const start = kernel.now();
  for (let burst = 0; burst < 8; burst += 1) {
    const at = Math.floor(start + chance.next() * (end - start - 8 * hourMs));
    const cluster = chance.pick(['deva', 'devb']);
    const count = chance.pick([1, 1, 3, 20, 150]);
    const atLeast = chance.integer(1, 10);
    const hours = chance.pick([1, 3, 9]);
    if (faults.has('store') && burst % 2 === 0) breakAround(stage, at, [0.3, 1][burst % 4 === 0 ? 1 : 0] ?? 1);
    for (let n = 0; n < count; n += 1) {
      const time = at + n * 10;
      const asked = {
        cluster,
        key: `k${burst}-${chance.is(0.2) ? 0 : n}`,
        atLeast,
        time,
        until: time + hours * hourMs,
      };
      kernel.at(faults.has('disorder') ? at + 1500 + chance.integer(0, 60_000) : time + 1, () => {
        stage.sent.push(asked);
        deliver(stage, send, asked, `e${burst}-${n}`);
      });
      if (faults.has('releases') && chance.is(0.3)) {
        const released = { cluster, key: asked.key, time: time + chance.integer(0, hours) * hourMs };
        kernel.at(released.time + 500, () => {
          stage.released.push(released);
          letGo(stage, send, released, `r${burst}-${n}`);
        });
      }
    }
  }
}

function deliver(stage: Stage, send: Send, asked: Asked, id: string): void {
  const { kernel, chance, faults, end } = stage;
  const { cluster, key, atLeast, time, until } = asked;
  const body = JSON.stringify({
    id,
    lease: key,
    time: iso(time),
    pool: `${cluster}/workers`,
    atLeast,
    until: iso(until),
  });
  let isDone = false;
  const attempt = () => {
    if (isDone || kernel.now() > end - hourMs) return;
    send([body], ([kind]) => {
      if (isDone || kind === 'failed') return;
      isDone = true;
      const isKept = kind === 'stored' || kind === 'merged' || kind === 'unchanged';
      if (isKept) stage.acked.push({ ...asked, at: kernel.now() });
      else if (kernel.now() < until) stage.violate('refused', `${kind} for ${body}`);
    });
    // A queue shows a message again that nobody took off it.
    kernel.at(kernel.now() + 2 * minuteMs, attempt);
  };
  attempt();
  if (faults.has('twice') && chance.is(0.2)) send([body, body], () => {});
  if (faults.has('late') && chance.is(0.1))
    kernel.at(kernel.now() + chance.integer(20, 60) * hourMs, () => send([body], () => {}));
}

function letGo(stage: Stage, send: Send, { cluster, key, time }: Released, id: string): void {
  const body = JSON.stringify({ id, lease: key, time: iso(time), pool: `${cluster}/workers`, release: true });
  let isDone = false;
  const attempt = () => {
    if (isDone || stage.kernel.now() > stage.end - hourMs) return;
    send([body], ([kind]) => {
      isDone ||= kind !== 'failed';
    });
    stage.kernel.at(stage.kernel.now() + 2 * minuteMs, attempt);
  };
  attempt();
}

/**
 * Alertmanager: a firing alert is told every half hour, its end once, both again until they are taken. Where Prometheus
 * was out of sight for a while, the alert ends and fires again with the start it always had.
 */
function letAlertsFire(stage: Stage, send: Send, chance: Chance): void {
  const { kernel, end } = stage;
  for (let n = 0; n < 4; n += 1) {
    const startsAt = Math.floor(kernel.now() + chance.next() * (end - kernel.now() - 20 * hourMs));
    const alerted: Alerted = { cluster: chance.pick(['deva', 'devb']), from: startsAt, firing: [], ends: [] };
    stage.alerts.push(alerted);
    let at = startsAt;
    for (let spell = chance.integer(1, 4); spell > 0; spell -= 1) {
      const until = at + chance.integer(5, 240) * minuteMs;
      for (let told = at; told < until; told += 30 * minuteMs) tell(told, Math.min(told + 30 * minuteMs, until));
      const next = until + chance.pick([20_000, 3 * minuteMs, 10 * minuteMs]);
      tell(until, next, until);
      at = next;
    }

    function tell(from: EpochMs, giveUpAt: EpochMs, endsAt?: EpochMs): void {
      let isDone = false;
      const attempt = () => {
        const sentAt = kernel.now();
        if (isDone || sentAt >= Math.min(giveUpAt, end - hourMs)) return;
        if (endsAt !== undefined) alerted.ends.push(sentAt);
        send([alertText(alerted.cluster, n, startsAt, endsAt)], ([kind]) => {
          if (kind === 'failed') return;
          isDone = true;
          if (endsAt === undefined) alerted.firing.push({ sentAt, at: kernel.now() });
        });
        kernel.at(sentAt + minuteMs, attempt);
      };
      kernel.at(from, attempt);
    }
  }
}

function alertText(cluster: string, n: number, startsAt: EpochMs, endsAt: EpochMs | undefined): string {
  const status = endsAt === undefined ? 'firing' : 'resolved';
  const times = { startsAt: iso(startsAt), endsAt: iso(endsAt ?? 0) };
  return JSON.stringify({ version: '4', alerts: [{ status, ...times, labels: { cluster }, fingerprint: `f${n}` }] });
}

function letPeopleAsk(stage: Stage): void {
  const { kernel, chance, store, end } = stage;
  for (let n = 0; n < 2; n += 1) {
    const from = Math.floor(kernel.now() + chance.next() * (end - kernel.now() - 12 * hourMs));
    const until = from + chance.pick([1, 4]) * hourMs;
    const isPause = chance.is(0.5);
    stage.byHand.push({ from, until });
    kernel.at(from, () => {
      const match: Match = {
        text: 'deva/workers',
        region: undefined,
        cluster: 'deva',
        pool: 'workers',
        exactPool: true,
      };
      const common = {
        schema: 1,
        id: `hand-${n}`,
        region: 'r1',
        who: 'ana@desk',
        reason: undefined,
        askedAt: from,
        until,
        match,
      } as const;
      void putAsk(store.plain, isPause ? { ...common, kind: 'pause' } : { ...common, kind: 'override', exactly: 1 }, 0);
    });
  }
}

function letStoreFail({ kernel, chance, store, end }: Stage): void {
  for (let n = 0; n < 5; n += 1) {
    const from = Math.floor(kernel.now() + chance.next() * (end - kernel.now() - 9 * hourMs));
    kernel.at(from, () => (store.rate = chance.pick([0.05, 0.3, 1])));
    kernel.at(from + chance.pick([2, 20]) * minuteMs, () => (store.rate = 0));
  }
}

/** The store fails just when something comes in. */
function breakAround({ kernel, store }: Stage, at: EpochMs, rate: number): void {
  kernel.at(at - minuteMs, () => (store.rate = rate));
  kernel.at(at + 3 * minuteMs, () => (store.rate = 0));
}

/** What is owed for certain: acknowledged, not over, not released, and no newer ask of the same name was ever sent. */
function owed({ acked, sent, released }: Stage, cluster: string, now: EpochMs, before: EpochMs): number {
  const live = acked.filter((one) => one.cluster === cluster && one.at <= before && one.until > now);
  const standing = live.filter(({ key, time, atLeast, until }) => {
    if (released.some((one) => one.cluster === cluster && one.key === key && one.time >= time)) return false;
    return !sent.some(
      (one) =>
        one.cluster === cluster && one.key === key && one.time > time && (one.atLeast < atLeast || one.until < until),
    );
  });
  return Math.min(caps[cluster] ?? 0, Math.max(0, ...standing.map(({ atLeast }) => atLeast)));
}

/** What an alert is owed: it was taken as firing, more than a minute after every end before, and no end was told since. */
function owedToAlerts({ alerts }: Stage, cluster: string, now: EpochMs, before: EpochMs): number {
  const isOwed = alerts.some(
    (alerted) =>
      alerted.cluster === cluster &&
      alerted.firing.some(
        ({ sentAt, at }) =>
          at <= before && sentAt + alertForMs > now && alerted.ends.every((end) => end + 2 * minuteMs < sentAt),
      ),
  );
  return isOwed ? alertNodes : 0;
}

function isByHand({ byHand, kernel }: Stage): boolean {
  return byHand.some(({ from, until }) => kernel.now() >= from && kernel.now() < until + hourMs);
}

/** An acknowledged lease is there within a round, a retry and two resizes, until its end. */
function judgeLevels(stage: Stage): void {
  const now = stage.kernel.now();
  if (isByHand(stage)) return;
  for (const { name, pools } of stage.world.clusters()) {
    const given = [now, now - 75 * minuteMs] as const;
    const least = Math.max(owed(stage, name, ...given), owedToAlerts(stage, name, ...given));
    const size = pools[0]?.size ?? 0;
    if (size < least) stage.violate('not honoured', `${name} has ${size} nodes at ${iso(now)}, ${least} are owed`);
  }
}

/** Nothing is ever set below what is owed at that moment, or below what the schedule says. */
function judgePut(stage: Stage, cluster: string, size: number): void {
  if (isByHand(stage)) return;
  const now = stage.kernel.now();
  const given = [now + minuteMs, now - 5 * minuteMs] as const;
  const least = Math.max(owed(stage, cluster, ...given), owedToAlerts(stage, cluster, ...given));
  if (size < least) stage.violate('lowered', `${cluster} is set to ${size}, ${least} are owed`);
  const hour = new Date(now - minuteMs).getUTCHours();
  const base = stage.faults.has('exception') || hour < 7 || hour >= 18 ? 0 : cluster === 'deva' ? 3 : 2;
  if (size < base) stage.violate('lowered', `${cluster} is set to ${size} while its schedule says ${base}`);
  const most = Math.max(
    3,
    ...stage.sent.filter((one) => one.cluster === cluster && one.until > now - hourMs).map((one) => one.atLeast),
    stage.alerts.some((one) => one.cluster === cluster && one.from <= now) ? alertNodes : 0,
  );
  if (size > most) stage.violate('raised', `${cluster} is set to ${size}, nobody asked for more than ${most}`);
}

/** A burst costs a pool at most one more pair of PUTs. */
function judgeCount(
  { faults, sent, violate }: Stage,
  puts: readonly { readonly cluster: string }[],
  days: number,
): void {
  if (['crash', 'store', 'people', 'releases', 'exception', 'alerts'].some((fault) => faults.has(fault as EventFault)))
    return;
  for (const cluster of ['deva', 'devb']) {
    const bursts = new Set(sent.filter((one) => one.cluster === cluster).map(({ key }) => key.split('-')[0])).size;
    const count = puts.filter((put) => put.cluster === cluster).length;
    if (count > 2 * bursts + 2 * days + 2) violate('too many', `${count} PUTs of ${cluster} for ${bursts} bursts`);
  }
}

async function judgeState({ store, violate }: Stage): Promise<void> {
  const { length } = await listAll(store.plain, 'asks/r1');
  if (length > 2 * (100 + 300 + 100)) violate('state', `${length} records of asks are kept`);
}

function iso(at: EpochMs): string {
  return new Date(at).toISOString();
}
