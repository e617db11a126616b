import { subjectId } from '../../decide/incidents/incident.ts';
import type { RegionMemory } from '../../decide/watching/watch-memory.ts';
import type { Store, Write } from '../../io/stores/store.ts';
import type { Notice } from '../../model/finding.ts';
import { compareText } from '../../model/text.ts';
import { storeProblem } from '../records/change-record.ts';
import { noticeWrite } from '../records/incident-records.ts';
import { memoryCommits, type StoredMemory } from '../records/watch-records.ts';
import type { WatchParts } from './watch-round.ts';

/** A commit takes 100 writes. The next round deletes what does not fit. */
const mostNotices = 40;

export type Memory = { readonly stored: StoredMemory; readonly memory: RegionMemory };

/**
 * Stores a region's memory in the same commit as the notices of what is gone, so that none is lost or sent twice.
 * `unsettled`: clusters whose incidents could not be stored keep their old memory, so that the next round reports them
 * again. Resolves to what went wrong.
 */
export async function keepMemory(
  { store, hash }: Pick<WatchParts, 'store' | 'hash'>,
  before: Memory,
  after: RegionMemory,
  notices: readonly Notice[],
  unsettled: ReadonlySet<string>,
): Promise<string | undefined> {
  const isOpen = (notice: Notice) => unsettled.has(clusterOf(notice));
  const settled = notices.filter((notice) => !isOpen(notice));
  const said = settled.slice(0, mostNotices);
  const postponed = [...settled.slice(mostNotices), ...notices.filter(isOpen)].map(clusterOf);
  const kept = withOld(after, before.memory, new Set([...unsettled, ...postponed]));
  const isSaid = (notice: Notice) => !postponed.includes(clusterOf(notice));
  const nameOf = (notice: Notice) => hash(`${notice.kind}\n${subjectId(notice.subject)}`).slice(0, 32);
  const words = Map.groupBy(said.filter(isSaid), clusterOf);
  const writes = new Map([...words].map(([id, some]) => [id, some.map((one) => noticeWrite(one, nameOf(one)))]));
  return storeProblem(() => commitAll(store, memoryCommits(kept, before.stored, writes), after.region));
}

async function commitAll(
  store: Store,
  commits: readonly (readonly Write[])[],
  region: string,
): Promise<string | undefined> {
  for (const writes of commits) {
    const outcome = await store.commit(writes);
    if (outcome.kind === 'conflict') return `the memory of region ${region} was changed by another process`;
  }
  return undefined;
}

function withOld(after: RegionMemory, before: RegionMemory, clusters: ReadonlySet<string>): RegionMemory {
  if (clusters.size === 0) return after;
  const old = before.clusters.filter(({ id }) => clusters.has(id));
  const isOld = new Set(old.map(({ id }) => id));
  const rest = after.clusters.filter(({ id }) => !isOld.has(id));
  return { ...after, clusters: [...rest, ...old].sort((a, b) => compareText(a.id, b.id)) };
}

function clusterOf({ subject }: Notice): string {
  return subject.kind === 'cluster' || subject.kind === 'pool' ? subject.clusterId : '';
}
