import { createHash } from 'node:crypto';
import { type AwaitPoint, awaitPoints, type CrashTime } from './coverage.ts';
import type { FaultClass } from './scenario.ts';

/** What a simulation counted. */
export type Figures = {
  clusterDays: number;
  rounds: number;
  awaits: number;
  crashes: number;
  calls: number;
  puts: number;
  commits: number;
  /** Pools and instants that were compared with the oracle in the stretch without faults. */
  judged: number;
  /** Of these, those that were not right, with a finding that says why. */
  excused: number;
  /** Ticks that came to no run: of a part while another part's came; of all parts at once. */
  partsLost: number;
  ticksLost: number;
  /** Ticks that began two runs of the same part, and runs that froze in the middle. */
  doubled: number;
  frozen: number;
  readonly faults: Partial<Record<FaultClass, number>>;
  readonly crashedAt: Record<string, number>;
};

export type Stats = {
  readonly figures: Figures;
  readonly fault: (kind: FaultClass) => void;
  readonly crashed: (point: AwaitPoint, when: CrashTime) => void;
};

export function makeStats(): Stats {
  const figures = noFigures();
  return {
    figures,
    fault: (kind) => {
      figures.faults[kind] = (figures.faults[kind] ?? 0) + 1;
    },
    crashed: (point, when) => {
      figures.crashes += 1;
      const key = `${point} ${when}`;
      figures.crashedAt[key] = (figures.crashedAt[key] ?? 0) + 1;
    },
  };
}

export function noFigures(): Figures {
  const none = {
    clusterDays: 0,
    rounds: 0,
    awaits: 0,
    crashes: 0,
    calls: 0,
    puts: 0,
    commits: 0,
    judged: 0,
    excused: 0,
    partsLost: 0,
    ticksLost: 0,
    doubled: 0,
    frozen: 0,
  };
  return { ...none, faults: {}, crashedAt: {} };
}

export function addFigures(sum: Figures, more: Figures): void {
  for (const [name, value] of Object.entries(more)) {
    if (typeof value === 'number') sum[name as 'rounds'] += value;
  }
  addCounts(sum.faults, more.faults);
  addCounts(sum.crashedAt, more.crashedAt);
}

function addCounts(sum: { [name: string]: number }, more: { readonly [name: string]: number }): void {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
}

/** Await points not yet crashed at, before or after their effect. */
export function uncovered(figures: Figures): readonly string[] {
  const all = awaitPoints.flatMap((point) => [`${point} before`, `${point} after`]);
  return all.filter((key) => (figures.crashedAt[key] ?? 0) === 0);
}

/** What happened, in order, as one hash: two runs of a seed are the same when their traces are. */
export type Trace = {
  readonly note: (line: string) => void;
  readonly hash: () => string;
  readonly lines: readonly string[];
};

export function makeTrace(keepsLines: boolean): Trace {
  const hash = createHash('sha256');
  const lines: string[] = [];
  return {
    lines,
    note: (line) => {
      hash.update(line).update('\n');
      if (keepsLines) lines.push(line);
    },
    hash: () => hash.copy().digest('hex').slice(0, 16),
  };
}
