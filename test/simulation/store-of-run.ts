import type { Change, ClusterRecord } from '../../lib/decide/scaling/memory.ts';
import type { Clock } from '../../lib/io/clock.ts';
import type { Store, StoredRecord, Write } from '../../lib/io/stores/store.ts';
import type { Part } from '../../lib/model/part.ts';
import type { AwaitPoint } from './coverage.ts';
import { operate, type Run } from './operate.ts';
import type { Simulation } from './simulation.ts';

/** What the run claimed and when by its own clock, by cluster id. */
export type Claims = Map<string, number>;

/** The store as one run of the scale job sees it: every call can crash, and every record written is looked at. */
export function storeOfRun(sim: Simulation, run: Run, clock: Clock, claims: Claims, part: Part | undefined): Store {
  const store = sim.store.forProcess(clock);
  /** Claims that were there when this run looked: they are somebody else's, or of an earlier run. */
  const found: Marks = new Map();
  let findingsLists = 0;
  return {
    read: (key) => operate(sim, run, 'store: read what started', () => store.read(key)),
    list: (partition, options) => {
      const isAgain = partition === 'findings' && (findingsLists += 1) > 1;
      const point = isAgain ? 'store: list findings again' : listPoint(partition);
      return operate(sim, timedAs(run, partition), point, async () => {
        const records = await store.list(partition, options);
        if (partition.startsWith('clusters/')) noteClaims(records, found);
        return records;
      });
    },
    commit: (writes) => {
      lookAt(sim, writes);
      refuseForeign(sim, writes, part);
      const point = commitPoint(writes, claims, found);
      const claim = claimIn(writes, found);
      if (claim) claims.set(claim.clusterId, claim.claimedAt);
      return operate(sim, timedAs(run, writes[0]?.key.partition), point, () => store.commit(writes));
    },
    close: () => store.close(),
  };
}

/** A part writes what it remembers of its own clusters; of equal ranges of ids, as the first eight digits of a UUID tell. */
function refuseForeign(sim: Simulation, writes: readonly Write[], part: Part | undefined): void {
  if (part === undefined) return;
  for (const { key } of writes.filter(({ key }) => key.partition.startsWith('clusters/'))) {
    const home = Math.floor((Number.parseInt(key.id.slice(0, 8), 16) / 2 ** 32) * part.count);
    if (home !== part.index)
      sim.violate('foreign record', `part ${part.index + 1} writes ${key.id} of part ${home + 1}`);
  }
}

/** What was is written down for people to look at: it takes no time, and leaves that of all other operations as it was. */
function timedAs(run: Run, partition = ''): Run {
  return partition.startsWith('sizes/') || partition.startsWith('nodes/') ? { ...run, isTimed: false } : run;
}

function listPoint(partition: string): AwaitPoint {
  if (partition === 'rules') return 'store: list rules';
  if (partition === 'fleet') return 'store: read what started';
  if (partition.startsWith('clusters/')) return 'store: list records';
  if (partition.startsWith('nodes/')) return 'store: list nodes';
  return partition.startsWith('asks/') ? 'store: list asks' : 'store: list findings';
}

function commitPoint(writes: readonly Write[], claims: Claims, found: Marks): AwaitPoint {
  const [first] = writes as readonly [Write];
  const { partition, id } = first.key;
  if (partition === 'rules') return 'store: keep a rule';
  if (partition === 'findings') return 'store: keep findings';
  if (partition === 'fleet') return 'store: say what started';
  if (partition.startsWith('sizes/')) return 'store: keep sizes';
  if (partition.startsWith('nodes/')) return 'store: keep nodes';
  if (!partition.startsWith('clusters/')) return 'store: keep notices';
  if (claimIn(writes, found)) return 'store: claim';
  return claims.has(id) ? 'store: take a claim back' : 'store: keep a record';
}

/** The mark of each cluster, by cluster id. */
type Marks = Map<string, string>;

function noteClaims(records: readonly StoredRecord[], found: Marks): void {
  for (const { key, value } of records) {
    const { change } = value as unknown as ClusterRecord;
    if (change !== undefined) found.set(key.id, markOf(change));
  }
}

/** Two claims may be of one instant, where clocks jump. */
function markOf({ poolId, claimedAt }: Change): string {
  return `${poolId} ${claimedAt}`;
}

/** A write that puts a change in flight which was not there before. */
function claimIn(writes: readonly Write[], found: Marks): { clusterId: string; claimedAt: number } | undefined {
  const [first] = writes;
  if (first === undefined || first.kind === 'deleteIfVersion' || !first.key.partition.startsWith('clusters/'))
    return undefined;
  const { change } = first.value as unknown as ClusterRecord;
  const clusterId = first.key.id;
  return change === undefined || markOf(change) === found.get(clusterId)
    ? undefined
    : { clusterId, claimedAt: change.claimedAt };
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
