import { type App, makeApp, openSecrets } from '../../lib/app.ts';
import { makeLog } from '../../lib/io/log-lines.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { type MemoryStore, makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { createWorld, type World, type WorldOptions } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { compiled } from '../config/compile-text.ts';
import { fetchFrom } from './receivers/reach.ts';
import type { Receiver } from './receivers/receiver.ts';
import {
  makeAlertmanager,
  makeDiscord,
  makeMattermost,
  makePagerduty,
  makeSlack,
  makeTeams,
  makeWebhook,
} from './receivers/targets.ts';
import { makeVirtualClock, type VirtualClock } from './virtual-clock.ts';

export const nightStart = Date.UTC(2026, 10, 23, 18);
export const minuteMs = 60_000;
export const dayMs = 24 * 60 * minuteMs;

export type Receivers = ReturnType<typeof everyReceiver>;

export function everyReceiver() {
  return {
    slack: makeSlack(),
    teams: makeTeams(),
    discord: makeDiscord(),
    mattermost: makeMattermost(),
    pager: makePagerduty(),
    am: makeAlertmanager(),
    hook: makeWebhook(),
    cloud: makeWebhook(),
    am4: makeWebhook(),
  };
}

/** Every kind of destination, each at its own host, below a path that is a secret. */
export const everyDestination = `destinations:
  slack: { kind: slack, url: { env: SLACK } }
  teams: { kind: teams, url: { env: TEAMS } }
  discord: { kind: discord, url: { env: DISCORD } }
  mattermost: { kind: mattermost, url: { env: MATTERMOST } }
  pager: { kind: pagerduty, key: { env: PAGER_KEY }, url: "https://pager.test/v2/enqueue" }
  am: { kind: alertmanager, url: { env: AM } }
  hook: { kind: webhook, url: { env: HOOK }, secret: { env: SIGNING }, headers: { Authorization: { env: HOOK_AUTH } } }
  cloud: { kind: webhook, format: cloudevents, url: { env: CLOUD }, secret: { env: SIGNING } }
  am4: { kind: webhook, format: alertmanager-v4, url: { env: AM4 }, secret: { env: SIGNING } }
`;

export const regions = `timezone: Europe/Berlin
regions:
  r1: { api: "http://127.0.0.1:8090", token: { env: TOKEN } }
`;

export type AlertNight = {
  readonly app: App;
  readonly world: World;
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  readonly receivers: Receivers;
  config: CompiledConfig;
  /** Every line of the log, at its most talkative. */
  readonly logged: readonly string[];
  /** What must never be seen: the token, the addresses and the keys, or what of them is secret. */
  readonly canaries: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly fetch: typeof fetch;
  /** Rounds, watches and deliveries, every 5 minutes. */
  readonly ticks: (count: number) => Promise<void>;
  /** Deliveries alone, every minute. */
  readonly delivers: (count: number) => Promise<void>;
};

/** The production jobs on a simulated fleet, with a receiver of every kind, on a clock that only tests move. */
export async function anAlertNight(
  text: string = everyDestination,
  options: Partial<WorldOptions> = {},
  /** What becomes of each answer of the API on its way. */
  onTheWay: (answer: Response, token: string) => Promise<Response> = async (answer) => answer,
): Promise<AlertNight> {
  const clock = makeVirtualClock(nightStart);
  const world = createWorld({ clock, fleet: smallFleet(1), ...options });
  const receivers = everyReceiver();
  const env = environmentOf(world, receivers);
  const redactor = makeRedactor();
  const logged: string[] = [];
  const log = makeLog({ level: 'debug', format: 'json', write: (line) => void logged.push(line), redactor, clock });
  let ids = 0;
  const newId = () => `id-${String((ids += 1)).padStart(8, '0')}`;
  const store = makeMemoryStore({ newId });
  const simulator = simulatorApp(world).fetch;
  const hosts = Object.fromEntries(Object.entries(receivers).map(([name, one]) => [`${name}.test`, one as Receiver]));
  const outside = fetchFrom(hosts, clock);
  const reach: typeof fetch = async (input, init) => {
    const { host } = new URL(input instanceof Request ? input.url : String(input));
    return host.startsWith('127.0.0.1') ? onTheWay(await simulator(input, init), world.token) : outside(input, init);
  };
  const secrets = openSecrets({ clock, redactor, log, env });
  const app = makeApp({ store, fetch: reach, clock, newId, log, redactor, secrets });
  const night: AlertNight = {
    app,
    world,
    clock,
    store,
    receivers,
    config: await compiledOnce(`${regions}${text}`),
    logged,
    canaries: [world.token, ...Object.values(env).map(secretPart)],
    env,
    fetch: reach,
    ticks: async (count) => {
      for (let i = 0; i < count; i += 1) await tick(night);
    },
    delivers: async (count) => {
      for (let i = 0; i < count; i += 1) {
        await passing(clock, app.deliver(night.config));
        await clock.advance(minuteMs);
      }
    },
  };
  return night;
}

const configs = new Map<string, Promise<CompiledConfig>>();

/** Many nights have the same config, and nobody changes one: what changes is which one a night has. */
function compiledOnce(text: string): Promise<CompiledConfig> {
  const config = configs.get(text) ?? compiled(text, { now: nightStart });
  configs.set(text, config);
  return config;
}

async function tick(night: AlertNight): Promise<void> {
  const { app, clock, config } = night;
  const startedAt = clock.now();
  await passing(clock, app.scale(config));
  await passing(clock, app.watch(config));
  await passing(clock, app.deliver(config));
  await clock.advance(Math.max(0, startedAt + 5 * minuteMs - clock.now()));
}

/** Work that takes longer than this hangs, and time goes on without it. */
const longestWorkMs = 12 * 60 * minuteMs;

/** Lets time pass, half a second at a time, until the work is done. */
export async function passing<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const done = work.finally(() => {
    state.isDone = true;
  });
  const end = clock.now() + longestWorkMs;
  while (!state.isDone && clock.now() < end) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!state.isDone && clock.sleepers() > 0) await clock.advance(500);
  }
  return done;
}

/** `count` clusters of one pool, on a version whose end of life nobody knows. */
export function smallFleet(count: number) {
  const clusters = Array.from({ length: count }, (_, index) => ({
    name: `dev-${index + 1}`,
    version: '1.35.0',
    pools: [{ name: 'workers', size: 3 }],
  }));
  return { clusters };
}

/** Each address and key is made up, and easy to find again. */
function environmentOf(world: World, { pager, hook }: Receivers): { readonly [name: string]: string } {
  const address = (host: string) => `https://${host}.test/hook/canary-${host}-9f8e7d6c5b4a3f2e`;
  return {
    TOKEN: world.token,
    SLACK: address('slack'),
    TEAMS: address('teams'),
    DISCORD: address('discord'),
    MATTERMOST: address('mattermost'),
    PAGER_KEY: pager.routingKey,
    HOOK_AUTH: 'Bearer canary-authorization-5b4a3f2e1d0c',
    AM: address('am'),
    HOOK: address('hook'),
    CLOUD: address('cloud'),
    AM4: address('am4'),
    SIGNING: hook.secret,
  };
}

/** Of an address the host is known, and what follows it is not. */
function secretPart(value: string): string {
  return value.slice(value.indexOf('canary-') === -1 ? 0 : value.indexOf('canary-'));
}
