import type { Clock } from '../../lib/io/clock.ts';
import type { Log } from '../../lib/io/log.ts';
import { makeMks } from '../../lib/io/mks/client.ts';
import type { Mks } from '../../lib/io/mks/mks.ts';
import { makeRedactor, type Redactor } from '../../lib/io/redact.ts';
import { makeSecrets, type Secrets } from '../../lib/io/secrets/secrets.ts';
import { boundedStore } from '../../lib/io/stores/bounded-store.ts';
import { scalePools } from '../../lib/jobs/scale/scale-pools.ts';
import type { KeptBook, ScaleOptions, ScaleReport } from '../../lib/jobs/scale/scale-round.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import { type FetchParts, fetchOfRun, type SentPut } from './fetch-of-run.ts';
import { type Life, operate, type Run, thaw } from './operate.ts';
import { withQuickReads } from './quick-reads.ts';
import { type ConfigInForce, configAt, type Simulation } from './simulation.ts';
import { type Claims, refuseSecrets, storeOfRun } from './store-of-run.ts';

/** One round as the judges see it. */
export type Round = {
  readonly process: string;
  readonly startedAt: EpochMs;
  /** By the clock of its process. */
  readonly wall: () => EpochMs;
  /** By how much its clock has been off ever since the round began; 0 where it jumped meanwhile. */
  readonly skewMs: () => number;
  readonly config: ConfigInForce;
  readonly options: ScaleOptions;
  readonly claims: Claims;
  /** The last PUT for a cluster: under which claim, and how it was answered. */
  readonly sentFor: Map<string, { readonly claimedAt: number; status: number | undefined }>;
  readonly reads: ReadonlyMap<string, string>;
  readonly calls: () => number;
  readonly isFrozen: () => boolean;
};

export type Judges = {
  readonly put: (round: Round, put: SentPut) => void;
  readonly done: (round: Round, report: ScaleReport) => void;
  readonly failed: (round: Round, error: unknown) => void;
};

export type Process = {
  readonly name: string;
  skewMs: number;
  /** When its clock was set last. */
  skewedAt: EpochMs;
  /** Begins one round, unless the process is down or still at one; false = it does not begin. */
  readonly tick: (how: {
    readonly isTimed: boolean;
    readonly options?: ScaleOptions;
    readonly isAtOnce?: boolean;
  }) => boolean;
  /** It is stopped in whatever it does, and started again. */
  readonly restart: () => void;
};

export function makeProcess(sim: Simulation, name: string, judges: Judges): Process {
  /** A new life would lay it out anew and alike: that takes time and is left out. */
  const keptBook: KeptBook = {};
  let state = newLife();
  const clock: Clock = {
    now: () => sim.kernel.now() + process.skewMs,
    sleep: (ms, signal) => sim.kernel.sleep(ms, signal),
  };
  const process: Process = {
    name,
    skewMs: 0,
    skewedAt: Number.NEGATIVE_INFINITY,
    restart: () => {
      state.life.isDead = true;
      state = newLife();
    },
    tick: ({ isTimed, options = {}, isAtOnce = false }) => {
      if (sim.kernel.now() < state.downUntil || (state.running > 0 && !isAtOnce)) return false;
      const own = state;
      const onCrash = () => {
        state = newLife(sim.kernel.now() + sim.latency.pick([1_000, 20_000, 240_000]));
      };
      const skewMs = () => process.skewMs;
      const run: Run = { process: name, life: own.life, isTimed, onCrash, skewMs, calls: 0, drawn: new Map() };
      own.running += 1;
      const steadySkewMs = (since: EpochMs) => (process.skewedAt < since ? process.skewMs : 0);
      void runRound(sim, run, own, clock, options, judges, steadySkewMs).then(() => (own.running -= 1));
      return true;
    },
  };
  return process;

  function newLife(downUntil = 0): ProcessState {
    const life: Life = { isDead: false, frozenUntil: 0 };
    return {
      life,
      downUntil,
      running: 0,
      redactor: makeRedactor(),
      secrets: undefined,
      lastToken: undefined,
      keptBook,
    };
  }
}

type ProcessState = {
  readonly life: Life;
  readonly downUntil: EpochMs;
  running: number;
  readonly redactor: Redactor;
  secrets: Secrets | undefined;
  lastToken: string | undefined;
  readonly keptBook: KeptBook;
};

async function runRound(
  sim: Simulation,
  run: Run,
  state: ProcessState,
  wall: Clock,
  options: ScaleOptions,
  judges: Judges,
  steadySkewMs: (since: EpochMs) => number,
): Promise<void> {
  const clock = clockOfRun(sim, run, wall);
  const config = configAt(sim, sim.kernel.now());
  const reads = new Map<string, string>();
  const claims: Claims = new Map();
  const startedAt = sim.kernel.now();
  const isFrozen = () => run.life.frozenUntil > startedAt;
  const round: Round = {
    process: run.process,
    startedAt,
    wall: wall.now,
    skewMs: () => steadySkewMs(startedAt),
    config,
    options,
    claims,
    sentFor: new Map(),
    reads,
    calls: () => run.calls,
    isFrozen,
  };
  sim.stats.figures.rounds += 1;
  const parts: FetchParts = {
    reads,
    onPut: (put) => judges.put(round, put),
    onPutAnswer: ({ clusterId, poolId }, status) => {
      const sent = round.sentFor.get(clusterId);
      if (sent) sent.status = status;
      const put = sim.story.pools.get(poolId)?.puts.at(-1);
      if (put) put.status = status;
    },
    onToken: (token) => {
      state.lastToken = token;
    },
  };
  const mks = mksOfRun(sim, run, state, clock, parts);
  const store = boundedStore(storeOfRun(sim, run, clock, claims, options.shard), clock);
  try {
    const report = await scalePools(
      {
        config: config.config,
        keptBook: state.keptBook,
        clock,
        newId: sim.newId,
        store,
        log: logOf(sim),
        mksOf: () => mks,
      },
      options,
    );
    sim.kernel.touch();
    if (!run.life.isDead) judges.done(round, report);
  } catch (error) {
    if (!run.life.isDead) judges.failed(round, error);
  }
}

/** The pause before a second try is one more place to crash; deadlines are no awaits of the job. */
function clockOfRun(sim: Simulation, run: Run, wall: Clock): Clock {
  return {
    now: wall.now,
    sleep: async (ms, signal) => {
      if (ms <= 2_000 && signal !== undefined)
        return operate(sim, run, 'api: pause before a second try', () => sim.kernel.sleep(ms, signal));
      await sim.kernel.sleep(ms, signal);
      await thaw(sim, run.life);
    },
  };
}

function mksOfRun(sim: Simulation, run: Run, state: ProcessState, clock: Clock, parts: FetchParts): Mks {
  state.secrets ??= makeSecrets({
    clock,
    redactor: state.redactor,
    log: logOf(sim),
    env: {},
    aws: { read: (_name, stage) => operate(sim, run, 'secret: read', () => readVault(sim, stage)) },
  });
  const token = state.secrets.token({ kind: 'awsSecret', name: 'lamplighter/r1' });
  const fetch = fetchOfRun(sim, run, parts);
  const region = { name: 'r1', url: 'https://mks.simulated.invalid/api/v1' };
  const whole = makeMks({ region, token, fetch, clock, redactor: state.redactor });
  return withQuickReads(sim, run, whole, {
    isTokenGood: () => state.lastToken !== undefined && isGood(sim, state.lastToken),
    onText: (poolId, text) => parts.reads.set(poolId, text),
  });
}

function isGood(sim: Simulation, token: string): boolean {
  return token === sim.vault.current && (sim.world.state.tokens.get(token)?.has('cluster:list') ?? false);
}

async function readVault(sim: Simulation, stage: 'current' | 'previous'): Promise<string | undefined> {
  if (sim.vault.isDown) throw new Error('the vault is down');
  return stage === 'current' ? sim.vault.current : sim.vault.previous;
}

function logOf(sim: Simulation): Log {
  const line = (message: string, fields?: unknown) => {
    refuseSecrets(sim, fields === undefined ? message : `${message} ${JSON.stringify(fields)}`, 'the log');
  };
  const log: Log = { debug: line, info: line, warn: line, error: line, with: () => log };
  return log;
}
