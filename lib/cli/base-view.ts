import type { Rule } from '../decide/compiled-config.ts';
import { awayOf, baseOf } from '../decide/explain/explain-state.ts';
import type { PoolMemory } from '../decide/scaling/memory.ts';
import { describeSize } from '../decide/scaling/size.ts';
import type { StoredPool } from './known-pools.ts';
import { localInstant, rfc3339 } from './render/instant.ts';

/** What is remembered of a pool's base, for programs (docs/json.md). */
export function baseJson(pool: StoredPool, rule: Rule | undefined): object {
  const { memory } = pool;
  const { seen, kept } = memory;
  const away = awayOf(memory);
  return {
    region: pool.region,
    cluster: pool.cluster,
    pool: pool.pool,
    base: baseOf(rule, memory) ?? null,
    from: originOf(memory, rule),
    away: away === undefined ? null : { base: away.base, from: away.from, since: rfc3339(away.since) },
    seen: seen?.size ?? null,
    kept: kept === undefined ? null : { size: kept.size, until: rfc3339(kept.until) },
  };
}

function originOf(memory: PoolMemory, rule: Rule | undefined): string | null {
  const { base, away } = memory;
  if (rule?.schedule !== undefined && rule.base !== 'remembered') return 'config';
  if (away !== undefined) return away.base === 'unknown' ? null : away.from;
  return base !== undefined ? 'remembered' : baseOf(rule, memory) === undefined ? null : 'observed';
}

/** The same for people, on one line that begins with the pool's name. */
export function baseText(pool: StoredPool, rule: Rule | undefined, zone: string, name: string): string {
  const { seen } = pool.memory;
  const away = awayOf(pool.memory);
  const known = baseOf(rule, pool.memory);
  const from = originOf(pool.memory, rule);
  const isAway = away === undefined ? 'at home' : `away since ${localInstant(away.since, zone)}`;
  return `${name}  base ${describeSize(known)}${from === null ? '' : ` (${from})`}, last seen at ${describeSize(seen?.size)}, ${isAway}`;
}
