import { holdEnds } from '../../decide/explain/explain-pool.ts';
import { awayOf } from '../../decide/explain/explain-state.ts';
import type { Held } from '../../decide/scaling/memory.ts';
import type { Ask } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Subject } from '../../model/finding.ts';
import type { Names } from '../../model/match.ts';
import { rfc3339 } from '../text/instant.ts';
import { instantJson } from '../text/table.ts';
import { uninstalledJson } from '../uninstall/uninstalled-view.ts';
import type { FleetStatus, PoolStatus } from './fleet-status.ts';

/** The machine-readable form of `status` (docs/json.md). */
export function statusJson(status: FleetStatus, config: CompiledConfig): object {
  const { file, hash } = config;
  const { at, uninstalled, rounds, pools, asks, findings, announced } = status;
  return {
    at: rfc3339(at),
    config: { file, hash },
    uninstalled: uninstalledJson(uninstalled),
    rounds: rounds.map((round) => ({
      region: round.region,
      at: rfc3339(round.at),
      ageSeconds: Math.max(0, Math.round((at - round.at) / 1000)),
      answered: round.isAnswered,
      clusters: round.clusters,
      pools: round.pools,
    })),
    pools: pools.map((pool) => poolJson(pool, config)),
    asks: asks.map(askJson),
    announced: announced.map(({ boundary, destination, saidAt, state, pools: told }) => ({
      at: rfc3339(boundary),
      to: destination,
      saidAt: rfc3339(saidAt),
      message: state,
      pools: told.map(({ region, cluster, pool, from, to, nodes, by }) => {
        return { region, cluster, pool, from, to, nodes, by };
      }),
    })),
    findings: findings.map(({ kind, severity, subject, text, fix }) => {
      return { kind, severity, ...subjectJson(subject), text, fix: fix ?? null };
    }),
  };
}

function poolJson({ pool, rule, asks, nodes, wanted, reason, until, held, base }: PoolStatus, config: InUse): object {
  const { memory, change } = pool;
  const { seen, kept } = memory;
  const away = awayOf(memory);
  return {
    region: pool.region,
    cluster: pool.cluster,
    pool: pool.pool,
    rule: rule === undefined ? null : { file: rule.position.file, line: rule.position.line },
    mode: rule?.schedule === undefined ? null : rule.mode,
    seen: seen?.size ?? null,
    nodes: nodes ?? null,
    wanted: wanted ?? null,
    reason: reason ?? null,
    until: instantJson(until),
    hold: held?.code ?? null,
    held: heldJson(config, pool, held),
    changing: change === undefined ? null : { from: change.from, to: change.to, since: rfc3339(change.claimedAt) },
    base: base ?? null,
    away: away === undefined ? null : { base: away.base, from: away.from, since: rfc3339(away.since) },
    kept: kept === undefined ? null : { size: kept.size, until: rfc3339(kept.until) },
    pausedUntil: instantJson(asks.pause?.until),
  };
}

/** Why nothing is done, and until when (an instant, where it has one) or what. */
export function heldJson(config: InUse, names: Pick<Names, 'cluster' | 'pool'>, held: Held | undefined): object | null {
  if (held === undefined) return null;
  const { code, reason, until } = held;
  return { code, reason, until: instantJson(until), ends: holdEnds(config, names, held) ?? null };
}

type InUse = Pick<CompiledConfig, 'file'>;

function askJson(ask: FleetStatus['asks'][number]): object {
  const { kind, region, who, reason, until } = ask;
  return { kind, region, ...whatIsAsked(ask), until: rfc3339(until), who, reason: reason ?? null };
}

function whatIsAsked(ask: Exclude<Ask, { kind: 'release' }>): object {
  switch (ask.kind) {
    case 'lease':
      return { match: ask.match.text, atLeast: ask.atLeast };
    case 'override':
      return { match: ask.match.text, exactly: ask.exactly };
    case 'pause':
      return { match: ask.match?.text ?? null };
    case 'approval':
      return { configHash: ask.configHash };
  }
}

export function subjectJson(subject: Subject): { region: string | null; cluster: string | null; pool: string | null } {
  return {
    region: 'region' in subject ? subject.region : null,
    cluster: 'cluster' in subject ? subject.cluster : null,
    pool: 'pool' in subject ? subject.pool : null,
  };
}
