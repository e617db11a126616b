import type { App } from '../../app.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs, Size } from '../../decide/model.ts';
import { observedSize } from '../../decide/scaling/observed-size.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import { asPoolSize, clampSize, isRaise } from '../../decide/scaling/size.ts';

/** A pool below the base that its rule gives, of which the store does not know that it is away. */
export type PoolBelowBase = {
  readonly region: string;
  readonly cluster: string;
  readonly pool: string;
  readonly seen: Size;
  readonly base: Size;
};

/**
 * What a store that was lost, or a person, left below its base: nobody can tell which, so it is said and not changed.
 * `away`: pool ids that the store knows of. Only GETs; what cannot be read is left out.
 */
export async function poolsBelowBase(
  app: App,
  config: CompiledConfig,
  away: ReadonlySet<string>,
  now: EpochMs,
): Promise<readonly PoolBelowBase[]> {
  const book = makeRuleBook(config, now);
  const found: PoolBelowBase[] = [];
  for (const { name: region } of config.regions) {
    const mks = app.mksOf(config)(region);
    const answer = await mks.listClusters();
    for (const { id, name: cluster } of answer.kind === 'ok' ? answer.value : []) {
      if (!book.mayAct({ region, cluster })) continue;
      const pools = await mks.listNodePools(id);
      for (const pool of pools.kind === 'ok' ? pools.value : []) {
        const rule = book.appliedRule({ region, cluster, pool: pool.name })?.rule;
        if (rule === undefined || rule.base === 'remembered' || rule.onRemove === 'leave' || away.has(pool.id))
          continue;
        const own = asPoolSize(rule.base, pool.autoscale);
        const base = own && clampSize(own, rule.limits);
        const seen = observedSize(pool, undefined);
        if (base !== undefined && seen !== undefined && isRaise(seen, base))
          found.push({ region, cluster, pool: pool.name, seen, base });
      }
    }
  }
  return found;
}
