import type { ClusterRecord } from '../../lib/decide/scaling/memory.ts';
import type { Clock } from '../../lib/io/clock.ts';
import type { Store, Write } from '../../lib/io/stores/store.ts';
import type { AwaitPoint } from './coverage.ts';
import { operate, type Run } from './operate.ts';
import type { Simulation } from './simulation.ts';

/** What the run claimed and when by its own clock, by cluster id. */
export type Claims = Map<string, number>;

/** The store as one run of the scale job sees it: every call can crash, and every record written is looked at. */
export function storeOfRun(sim: Simulation, run: Run, clock: Clock, claims: Claims): Store {
  const store = sim.store.forProcess(clock);
  const startedAt = clock.now();
  let findingsLists = 0;
  return {
    read: (key) => operate(sim, run, 'store: read what started', () => store.read(key)),
    list: (partition, options) => {
      const isAgain = partition === 'findings' && (findingsLists += 1) > 1;
      const point = isAgain ? 'store: list findings again' : listPoint(partition);
      return operate(sim, run, point, () => store.list(partition, options));
    },
    commit: (writes) => {
      lookAt(sim, writes);
      const claim = claimIn(writes, startedAt);
      if (claim) claims.set(claim.clusterId, claim.claimedAt);
      return operate(sim, run, commitPoint(writes, claims, startedAt), () => store.commit(writes));
    },
    close: () => store.close(),
  };
}

function listPoint(partition: string): AwaitPoint {
  if (partition === 'rules') return 'store: list rules';
  if (partition.startsWith('clusters/')) return 'store: list records';
  return partition.startsWith('asks/') ? 'store: list asks' : 'store: list findings';
}

function commitPoint(writes: readonly Write[], claims: Claims, startedAt: number): AwaitPoint {
  const [first] = writes as readonly [Write];
  const { partition, id } = first.key;
  if (partition === 'rules') return 'store: keep a rule';
  if (partition === 'findings') return 'store: keep findings';
  if (partition === 'fleet') return 'store: say what started';
  if (!partition.startsWith('clusters/')) return 'store: keep notices';
  if (claimIn(writes, startedAt)) return 'store: claim';
  return claims.has(id) ? 'store: take a claim back' : 'store: keep a record';
}

/** A write that puts a change in flight; one of an earlier round is told by its older instant. */
function claimIn(writes: readonly Write[], startedAt: number): { clusterId: string; claimedAt: number } | undefined {
  const [first] = writes;
  if (first === undefined || first.kind === 'deleteIfVersion' || !first.key.partition.startsWith('clusters/'))
    return undefined;
  const { change } = first.value as unknown as ClusterRecord;
  return change !== undefined && change.claimedAt >= startedAt
    ? { clusterId: first.key.id, claimedAt: change.claimedAt }
    : undefined;
}

function lookAt(sim: Simulation, writes: readonly Write[]): void {
  sim.stats.figures.commits += 1;
  for (const write of writes) {
    if (write.kind === 'deleteIfVersion') continue;
    const text = JSON.stringify(write.value);
    if (text.length > 100_000)
      sim.violate('record size', `${write.key.partition}/${write.key.id} has ${text.length} characters`);
    refuseSecrets(sim, text, `the record ${write.key.partition}/${write.key.id}`);
  }
}

/** No token, not even a part of it, in anything that is kept or shown. */
export function refuseSecrets(sim: Simulation, text: string, where: string): void {
  for (const token of [sim.vault.current, sim.vault.previous]) {
    if (token !== undefined && (text.includes(token.slice(0, 16)) || text.includes(token.slice(-16)))) {
      sim.violate('secret', `a token stands in ${where}`);
    }
  }
}
