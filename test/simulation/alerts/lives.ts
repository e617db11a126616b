// Loaded before any time passes: an app loads a job when it first runs, and a simulated clock does not wait for files.
import '../../../lib/jobs/deliver/deliver-alerts.ts';
import '../../../lib/jobs/scale/scale-pools.ts';
import '../../../lib/jobs/watch/watch-clusters.ts';
import { type App, makeApp, openSecrets } from '../../../lib/app.ts';
import type { Clock } from '../../../lib/io/clock.ts';
import type { Fetch } from '../../../lib/io/http/exchange.ts';
import type { Log } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import type { Chance } from '../chance.ts';
import type { Kernel } from '../kernel.ts';
import type { SimulatedStore } from '../simulated-store.ts';

/** How often something happens to a process at one touch of the outside, from 0 to 1. */
export type Dangers = { crash: number; sleep: number };

export type LivesParts = {
  readonly kernel: Kernel;
  readonly chance: Chance;
  readonly store: SimulatedStore;
  readonly fetch: Fetch;
  readonly env: { readonly [name: string]: string };
  readonly newId: () => string;
  readonly dangers: Dangers;
  /** Every line that is logged. */
  readonly onLine: (text: string) => void;
  /** A job that ended with something else than a StoreError. */
  readonly onThrown: (job: string, error: unknown) => void;
  /** Each touch of the outside by its name, and what happened there. */
  readonly onTouch: (point: string, what: 'passed' | 'crashed before' | 'crashed after' | 'slept') => void;
};

/** A process: jobs run in it, it crashes at any await, sleeps for 40 minutes as a laptop does, and starts again. */
export type Lives = {
  /** One run of a job, unless the process is down or still at it; `isTimed`: its operations take time. */
  readonly run: (job: string, isTimed: boolean, work: (app: App) => Promise<void>) => Promise<void>;
};

type Life = {
  isDead: boolean;
  frozenUntil: number;
  readonly downUntil: number;
  readonly running: Set<string>;
  readonly apps: Map<string, App>;
};

export function makeLives(parts: LivesParts): Lives {
  let life = newLife(0);
  const crash = (dying: Life) => {
    dying.isDead = true;
    life = newLife(parts.kernel.now() + parts.chance.pick([1_000, 20_000, 240_000]));
  };
  return {
    run: async (job, isTimed, work) => {
      const own = life;
      if (parts.kernel.now() < own.downUntil || own.running.has(job)) return;
      own.running.add(job);
      const name = `${job}${isTimed ? ' ' : ''}`;
      const app = own.apps.get(name) ?? appOf(parts, own, job, isTimed, () => crash(own));
      own.apps.set(name, app);
      try {
        await work(app);
      } catch (error) {
        if (!(error instanceof Error && error.name === 'StoreError')) parts.onThrown(job, error);
      }
      own.running.delete(job);
      parts.kernel.touch();
    },
  };
}

function newLife(downUntil: number): Life {
  return { isDead: false, frozenUntil: 0, downUntil, running: new Set(), apps: new Map() };
}

function appOf(parts: LivesParts, life: Life, job: string, isTimed: boolean, crash: () => void): App {
  const { kernel, env, newId } = parts;
  const touch: Touch = (point, work) => operate(parts, life, isTimed, `${job}: ${point}`, crash, work);
  const clock: Clock = {
    now: kernel.now,
    sleep: async (ms, signal) => {
      await kernel.sleep(ms, signal);
      kernel.touch();
      await thaw(kernel, life);
    },
  };
  const log = logTo(parts.onLine);
  const redactor = makeRedactor();
  const secrets = openSecrets({ clock, redactor, log, env });
  const store = storeThrough(touch, parts.store.forProcess(clock));
  const fetch: Fetch = (input, init) => touch(pointOf(input), () => parts.fetch(input, init));
  return makeApp({ store, fetch, clock, newId, log, redactor, secrets });
}

type Touch = <T>(point: string, work: () => Promise<T>) => Promise<T>;

function storeThrough(touch: Touch, store: Store): Store {
  const name = (partition: string) => partition.replace(/\/.*/, '');
  return {
    read: (key) => touch(`read ${name(key.partition)}`, () => store.read(key)),
    list: (partition, options) => touch(`list ${name(partition)}`, () => store.list(partition, options)),
    commit: (writes) => {
      const kinds = [...new Set(writes.map(({ key }) => name(key.partition)))].sort().join('+');
      return touch(`commit ${kinds}`, () => store.commit(writes));
    },
    close: () => store.close(),
  };
}

function pointOf(input: Parameters<Fetch>[0]): string {
  const { host } = new URL(input instanceof Request ? input.url : String(input));
  return host.endsWith('.test') ? 'send' : 'api';
}

/** A crash leaves the promise open for ever: no line after the await runs, no `finally` either. */
async function operate<T>(
  { kernel, chance, dangers, onTouch }: LivesParts,
  life: Life,
  isTimed: boolean,
  point: string,
  crash: () => void,
  work: () => Promise<T>,
): Promise<T> {
  kernel.touch();
  if (isTimed) await kernel.sleep(latencyMs(chance));
  await thaw(kernel, life);
  const isFatal = dangers.crash > 0 && chance.is(dangers.crash);
  const when = isFatal ? chance.pick(['before', 'after'] as const) : undefined;
  if (when !== undefined) onTouch(point, `crashed ${when}`);
  if (when === 'before') return die(crash);
  const answer = await settled(work);
  kernel.touch();
  if (life.isDead) return never();
  if (when === 'after') return die(crash);
  onTouch(point, 'passed');
  if (dangers.sleep > 0 && chance.is(dangers.sleep)) {
    life.frozenUntil = kernel.now() + 40 * 60_000;
    onTouch(point, 'slept');
  }
  if (isTimed) await kernel.sleep(latencyMs(chance));
  await thaw(kernel, life);
  kernel.touch();
  return answer();
}

function die(crash: () => void): Promise<never> {
  crash();
  return never();
}

async function thaw(kernel: Kernel, life: Life): Promise<void> {
  while (life.frozenUntil > kernel.now()) await kernel.sleep(life.frozenUntil - kernel.now());
  if (life.isDead) await never();
}

async function settled<T>(work: () => Promise<T>): Promise<() => T> {
  try {
    const value = await work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function latencyMs(chance: Chance): number {
  return chance.is(0.1) ? chance.integer(200, 3000) : chance.integer(1, 150);
}

function logTo(onLine: (text: string) => void): Log {
  const line = (message: string, fields?: unknown) => onLine(`${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { debug: line, info: line, warn: line, error: line, with: () => log };
  return log;
}
