import type { Readiness, RehearsalDifference } from '../../decide/rehearsal/compare-rehearsals.ts';
import type {
  BoundaryCheck,
  FoundFinding,
  Rehearsal,
  RehearsedAnnouncement,
  RehearsedChange,
  RehearsedPool,
} from '../../decide/rehearsal/rehearsal.ts';
import { totalOf } from '../../decide/rehearsal/totals.ts';
import { hourMs } from '../../model/time.ts';
import { instantJson } from '../text/table.ts';
import type { StartingFleet } from './starting-fleet.ts';

/** The machine-readable form of `rehearse --json` (docs/json.md). */
export function rehearsalJson(rehearsal: Rehearsal, { sources, notes }: StartingFleet) {
  const total = totalOf(rehearsal);
  return {
    from: instantJson(rehearsal.from),
    to: instantJson(rehearsal.to),
    sources,
    notes,
    total: {
      puts: total.puts,
      nodeHours: rounded(total.nodeHours),
      alwaysOnNodeHours: rounded(total.alwaysOnNodeHours),
      savedPercent: rounded(total.savedPercent),
      boundaries: total.boundaries,
      readyInTime: total.readyInTime,
    },
    pools: rehearsal.pools.map(poolJson),
    changes: rehearsal.changes.map(changeJson),
    announced: rehearsal.announced.map(announcedJson),
    findings: rehearsal.findings.map(findingJson),
  };
}

function findingJson({ at, finding: { kind, severity, text, fix } }: FoundFinding) {
  return { at: instantJson(at), kind, severity, text, fix: fix ?? null };
}

/** The same with `--against`: only what differs. */
export function differenceJson(difference: RehearsalDifference, rehearsal: Rehearsal, fleet: StartingFleet) {
  const { added, removed, moved, nodeHours, oldNodeHours } = difference;
  return {
    from: instantJson(rehearsal.from),
    to: instantJson(rehearsal.to),
    sources: fleet.sources,
    notes: fleet.notes,
    added: added.map(changeJson),
    removed: removed.map(changeJson),
    moved: moved.map(({ change, wasAt }) => ({ ...changeJson(change), wasAt: instantJson(wasAt) })),
    nodeHours: rounded(nodeHours),
    oldNodeHours: rounded(oldNodeHours),
    pools: difference.pools.map((one) => ({
      ...namesJson(one.pool),
      nodeHours: rounded(one.nodeHours),
      oldNodeHours: rounded(one.oldNodeHours),
    })),
    readiness: readinessJson(difference.readiness),
    oldReadiness: readinessJson(difference.oldReadiness),
    late: difference.late.map(({ pool, boundary }) => ({ ...namesJson(pool), ...boundaryJson(boundary) })),
    announced: difference.announced.map(announcedJson),
    unannounced: difference.unannounced.map(announcedJson),
    acted: difference.acted.map(namesJson),
    observed: difference.observed.map(namesJson),
    findings: difference.found.map(findingJson),
    oldFindings: difference.gone.map(findingJson),
  };
}

function poolJson(pool: RehearsedPool) {
  return {
    ...namesJson(pool),
    schedule: pool.schedule ?? null,
    zone: pool.zone,
    observed: pool.isObserved,
    base: pool.base ?? null,
    nodeHours: rounded(pool.nodeHours),
    alwaysOnNodeHours: rounded(pool.alwaysOnNodeHours),
    leftHours: rounded(pool.leftMs / hourMs),
    boundaries: pool.boundaries.map(boundaryJson),
  };
}

function boundaryJson({ at, wanted, readyAt, isOpen }: BoundaryCheck) {
  return {
    at: instantJson(at),
    wanted,
    ready: isOpen ? null : readyAt === at,
    readyAt: instantJson(readyAt),
    lateSeconds: readyAt === undefined ? null : Math.round((readyAt - at) / 1000),
  };
}

function readinessJson({ boundaries, readyInTime }: Readiness) {
  return { boundaries, readyInTime };
}

function changeJson(change: RehearsedChange) {
  const { at, doneAt, from, to, reason, who } = change;
  return { at: instantJson(at), doneAt: instantJson(doneAt), ...namesJson(change), from, to, reason, who };
}

/** As `status --json` has what was announced. */
function announcedJson({ at, boundary, destination, pools }: RehearsedAnnouncement) {
  return {
    at: instantJson(boundary),
    to: destination,
    saidAt: instantJson(at),
    pools: pools.map((pool) => ({ ...namesJson(pool), from: pool.from, to: pool.to, nodes: pool.nodes, by: pool.by })),
  };
}

function namesJson({ region, cluster, pool }: Pick<RehearsedPool, 'region' | 'cluster' | 'pool'>) {
  return { region, cluster, pool };
}

function rounded(n: number): number {
  return Math.round(n * 100) / 100;
}
