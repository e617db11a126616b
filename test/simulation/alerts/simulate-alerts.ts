import { createHash } from 'node:crypto';
import type { App } from '../../../lib/app.ts';
import type { Fetch } from '../../../lib/io/http/exchange.ts';
import type { Part } from '../../../lib/model/part.ts';
import { createWorld } from '../../../lib/simulator/create-world.ts';
import type { Fault } from '../../../lib/simulator/faults.ts';
import { simulatorApp } from '../../../lib/simulator/simulator-app.ts';
import { fetchFrom } from '../../support/receivers/reach.ts';
import { makeChance } from '../chance.ts';
import { makeKernel } from '../kernel.ts';
import { makeSimulatedStore } from '../simulated-store.ts';
import { drawAlertConfigs } from './alert-configs.ts';
import { type AlertOptions, type AlertScenario, drawAlertScenario, hourMs, minuteMs } from './alert-scenario.ts';
import { letFleetFail } from './fleet-troubles.ts';
import { judgeAlerts } from './judge-alerts.ts';
import { type Lives, makeLives } from './lives.ts';
import { makePlaces } from './places.ts';
import { type AlertStage, configAt } from './stage.ts';

export type SimulatedAlerts = {
  readonly scenario: AlertScenario;
  readonly violations: AlertStage['violations'];
  readonly hash: string;
  readonly lines: readonly string[];
  readonly touched: ReadonlyMap<string, number>;
  readonly messages: number;
  readonly clusterDays: number;
};

/** The production jobs and receivers of every kind in a seeded world; what people would say was broken. */
export async function simulateAlerts(options: AlertOptions): Promise<SimulatedAlerts> {
  const scenario = drawAlertScenario(options);
  const lines: string[] = [];
  const stage = await makeStage(scenario, lines);
  const processes = startProcesses(stage);
  letFleetFail(stage);
  letStoreFail(stage);
  startTicking(stage, processes);
  stage.kernel.at(scenario.faultsEnd, () => {
    Object.assign(stage.dangers, { crash: 0, sleep: 0 });
    stage.store.rate = 0;
  });
  await stage.kernel.run(scenario.end);
  await judgeAlerts(stage);
  const requests = Object.values(stage.places).flatMap(({ receiver }) => receiver.requests);
  for (const { at, body } of requests) stage.note(`${at} ${body}`);
  return {
    scenario,
    violations: stage.violations,
    hash: createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16),
    lines,
    touched: stage.touched,
    messages: requests.length,
    clusterDays: (3 * (scenario.end - scenario.start)) / (24 * hourMs),
  };
}

async function makeStage(scenario: AlertScenario, lines: string[]): Promise<AlertStage> {
  const { seed, faults, start, faultsEnd } = scenario;
  const kernel = makeKernel(start);
  const chance = makeChance(seed, 'lives');
  const pools = [
    { name: 'workers', size: 3 },
    { name: 'build', size: 2 },
  ];
  const many = Array.from({ length: faults.has('storm') ? 30 : 0 }, (_, n) => ({
    name: `many${n}`,
    version: '1.34.2',
    pools: [{ name: 'build', size: 1 }],
  }));
  const clusters = [...['deva', 'devb', 'proda'].map((name) => ({ name, version: '1.35.0', pools })), ...many];
  const world = createWorld({
    clock: { now: kernel.now, sleep: kernel.sleep },
    seed,
    fleet: { clusters },
    keepRequests: 10,
  });
  let ids = 0;
  const newId = () => `${seed}-${(ids += 1)}`;
  const violations: AlertStage['violations'] = [];
  const note = (line: string) => void lines.push(line);
  const stage: AlertStage = {
    scenario,
    kernel,
    world,
    chance,
    store: makeSimulatedStore({
      kind: 'memory',
      newId,
      clock: { now: kernel.now, sleep: kernel.sleep },
      chance: makeChance(seed, 'store'),
      onFault: () => {},
    }),
    places: makePlaces(
      makeChance(seed, 'places'),
      { from: start, until: faultsEnd },
      faults.has('webhooks'),
      faults.has('lost'),
      kernel.now,
    ),
    dangers: {
      crash: faults.has('crash') ? chance.pick([1 / 2000, 1 / 300]) : 0,
      sleep: faults.has('sleep') ? 1 / 8000 : 0,
    },
    configs: [...(await drawAlertConfigs(scenario))],
    wrongs: [],
    silences: [],
    gone: [],
    eolDates: new Set(),
    eolChangedAt: start,
    wipedAt: undefined,
    stormAt: undefined,
    goodRounds: [],
    apiFaults: [],
    violations,
    violate: (kind, text) => {
      violations.push({ at: kernel.now(), kind, text });
      note(`${kernel.now()} VIOLATION ${kind}: ${text}`);
    },
    canaries: [world.token, 'canary-'],
    touched: new Map(),
    note,
  };
  return stage;
}

function startProcesses(stage: AlertStage): readonly Lives[] {
  const { kernel, scenario, world, places } = stage;
  const receivers = Object.fromEntries(
    Object.entries(places).map(([host, { receiver }]) => [`${host}.test`, receiver]),
  );
  const outside = fetchFrom(receivers, { now: kernel.now, sleep: kernel.sleep });
  const simulator = simulatorApp(world).fetch;
  const faultNow = apiFaultsOf(stage);
  world.setFault(({ at }) => {
    const fault = faultNow();
    if (fault) stage.apiFaults.push(at);
    return fault;
  });
  const fetch: Fetch = (input, init) => {
    const { host } = new URL(input instanceof Request ? input.url : String(input));
    return host.endsWith('.test') ? outside(input, init) : simulator(input, init);
  };
  const address = (host: string) => `https://${host}.test/hook/canary-${host}-9f8e7d6c5b4a3f2e`;
  const { hook, pager } = places;
  const env = {
    TOKEN: world.token,
    PAGER_KEY: (pager!.receiver as unknown as { routingKey: string }).routingKey,
    SIGNING: (hook!.receiver as unknown as { secret: string }).secret,
    ...Object.fromEntries(Object.keys(places).map((host) => [host.toUpperCase(), address(host)])),
  };
  let ids = 0;
  const parts = {
    kernel,
    chance: stage.chance,
    store: stage.store,
    fetch,
    env,
    newId: () => `${scenario.seed}-p${(ids += 1)}`,
    dangers: stage.dangers,
    onLine: (text: string) => refuseCanaries(stage, text, 'the log'),
    onThrown: (job: string, error: unknown) =>
      stage.violate('thrown', `${job}: ${error instanceof Error ? error.stack : 'something'}`),
    onTouch: (point: string, what: string) => {
      stage.touched.set(`${point} ${what}`, (stage.touched.get(`${point} ${what}`) ?? 0) + 1);
      if (what !== 'passed') stage.note(`${kernel.now()} ${what} ${point}`);
    },
  };
  return scenario.faults.has('twins') ? [makeLives(parts), makeLives(parts)] : [makeLives(parts)];
}

export function refuseCanaries(stage: AlertStage, text: string, where: string): void {
  const found = stage.canaries.find((canary) => text.includes(canary));
  if (found !== undefined) stage.violate('secret', `a secret stands in ${where}: ${text.slice(0, 200)}`);
}

function startTicking(stage: AlertStage, processes: readonly Lives[]): void {
  const { kernel, scenario, chance } = stage;
  const every = (ms: number, offset: number, work: () => void) => {
    const tick = () => {
      work();
      if (kernel.now() + ms < scenario.end) kernel.at(kernel.now() + ms, tick);
    };
    kernel.at(scenario.start + offset, tick);
  };
  const isBusy = () => kernel.now() < scenario.faultsEnd;
  processes.forEach((process, index) => {
    const isTimed = () => isBusy() && chance.is(0.3);
    const isOn = () => index === 0 || (isBusy() && chance.is(0.3));
    every(scenario.watchEveryMs, 20_000 * index, () => {
      if (isOn())
        void process.run('scale', isTimed(), async (app) => {
          for (const shard of partsNow(stage)) await app.scale(configAt(stage, kernel.now()).config, shard);
        });
    });
    every(scenario.watchEveryMs, 10_000 + 100 * index, () => {
      if (isOn()) void process.run('watch', isTimed(), (app) => watch(stage, app));
    });
    every(scenario.deliverEveryMs, 30_000 + 200 * index, () => {
      if (isOn())
        void process.run(
          'deliver',
          isTimed(),
          async (app) => void (await app.deliver(configAt(stage, kernel.now()).config)),
        );
    });
  });
}

async function watch(stage: AlertStage, app: App): Promise<void> {
  const from = stage.kernel.now();
  const shards = partsNow(stage);
  const problems: string[] = [];
  for (const shard of shards)
    problems.push(...(await app.watch(configAt(stage, from).config, undefined, undefined, shard)).problems);
  const wasCalm =
    (stage.apiFaults.at(-1) ?? 0) < from && problems.length === 0 && shards.length === stage.scenario.parts;
  if (wasCalm && stage.kernel.now() - from < minuteMs) stage.goodRounds.push(stage.kernel.now());
}

/** What each run of a tick is asked for; a lost part has none. */
function partsNow({ scenario: { parts, lost }, kernel }: AlertStage): readonly { readonly shard?: Part }[] {
  if (parts === 1) return [{}];
  const isLost = (index: number) => lost?.index === index && kernel.now() >= lost.from && kernel.now() < lost.until;
  const indexes = Array.from({ length: parts }, (_, index) => index);
  return indexes.filter((index) => !isLost(index)).map((index) => ({ shard: { index, count: parts } }));
}

function letStoreFail({ scenario, store, kernel }: AlertStage): void {
  if (!scenario.faults.has('store')) return;
  const chance = makeChance(scenario.seed, 'store episodes');
  for (let n = 0; n < 4; n += 1) {
    const from = scenario.start + chance.next() * (scenario.faultsEnd - scenario.start);
    kernel.at(from, () => (store.rate = chance.pick([0.02, 0.2, 1])));
    kernel.at(Math.min(scenario.faultsEnd, from + chance.pick([5, 40]) * minuteMs), () => (store.rate = 0));
  }
}

/** The API lies, fails, or fails in every second minute, for a while. */
function apiFaultsOf({ scenario, kernel }: AlertStage): () => Fault | undefined {
  const chance = makeChance(scenario.seed, 'alert api');
  const kinds = [
    ...(scenario.faults.has('api') ? [errors, flapping] : []),
    ...(scenario.faults.has('lies') ? [lies] : []),
  ];
  if (kinds.length === 0) return () => undefined;
  const episodes = Array.from({ length: chance.integer(2, 8) }, () => {
    const from = scenario.start + chance.next() * (scenario.faultsEnd - scenario.start);
    const until = Math.min(scenario.faultsEnd, from + chance.pick([4, 30, 120]) * minuteMs);
    return { from, until, faults: chance.pick(kinds), rate: chance.pick([0.1, 0.5, 1]) };
  });
  return () => {
    const now = kernel.now();
    const episode = episodes.find(({ from, until }) => now >= from && now < until);
    if (episode === undefined) return undefined;
    if (episode.faults === flapping) return Math.floor(now / minuteMs) % 2 === 0 ? chance.pick(errors) : undefined;
    return chance.is(episode.rate) ? chance.pick(episode.faults) : undefined;
  };
}

const errors: readonly Fault[] = [
  { kind: 'no-connection' },
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'status', status: 503, body: 'html' },
  { kind: 'status', status: 500, body: 'grpc' },
  { kind: 'status', status: 404, body: 'html' },
  { kind: 'block-page', status: 200 },
  { kind: 'block-page', status: 403 },
  { kind: 'rate-limited', retryAfter: 'soon' },
  { kind: 'cut-off', end: 'clean' },
  { kind: 'wrong-shape' },
];
const flapping: readonly Fault[] = [...errors];
const lies: readonly Fault[] = [
  ...[60_000, 300_000, 900_000, 1_500_000].map((byMs): Fault => ({ kind: 'stale', byMs })),
  { kind: 'omit', item: 'deva' },
  { kind: 'omit', item: 'devb' },
  { kind: 'omit', item: 'build' },
];
