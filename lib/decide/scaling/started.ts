import type { CompiledConfig } from '../compiled-config.ts';
import type { EpochMs, Notice, Size } from '../model.ts';
import { nextChange } from '../schedule/timeline.ts';
import { asPoolSize, isLower, isRaise, upper } from './size.ts';
import type { ObservedFleetCluster } from './plan-round.ts';
import { observedSize } from './observed-size.ts';
import { makeRuleBook } from './rule-book.ts';
import { resolveSays } from './scheduled.ts';

/**
 * The sentence before the first write and after each change of the config: what is matched, when the next lower comes and
 * how much it takes, when the next raise comes. Whoever reads it can stop us in time.
 */
export function startedNotice(config: CompiledConfig, clusters: readonly ObservedFleetCluster[], now: EpochMs): Notice {
  const book = makeRuleBook(config, now);
  let matched = 0;
  let unmatched = 0;
  const changes: Coming[] = [];
  for (const { cluster, pools, record } of clusters) {
    for (const pool of pools ?? []) {
      const applied = book.appliedRule({ region: cluster.region, cluster: cluster.name, pool: pool.name });
      if (applied === undefined) {
        unmatched += 1;
        continue;
      }
      matched += 1;
      const next = nextChange(applied.timeline, now);
      const memory = record?.pools[pool.id];
      const away = memory?.away?.base === 'unknown' ? undefined : memory?.away?.base;
      const size = observedSize(pool, memory);
      const remembered = away ?? memory?.base ?? size;
      const base = applied.rule.base === 'remembered' ? remembered : asPoolSize(applied.rule.base, pool.autoscale);
      const to = next && resolveSays(next.says, { rule: applied.rule, autoscale: pool.autoscale, base }).size;
      if (next && to !== undefined && size !== undefined)
        changes.push({ at: next.at, from: size, to, isObserved: applied.rule.mode === 'observe' });
    }
  }
  const text = `${counted(clusters.length, 'cluster')}, ${counted(matched, 'pool')} matched, ${unmatched} unmatched; ${lowering(changes, config)}; ${raising(changes, config)}`;
  return {
    kind: 'started',
    subject: { kind: 'fleet' },
    text,
    at: now,
    facts: { clusters: clusters.length, matched, unmatched, config: config.hash },
  };
}

type Coming = { readonly at: EpochMs; readonly from: Size; readonly to: Size; readonly isObserved: boolean };

function lowering(changes: readonly Coming[], config: CompiledConfig): string {
  const lowers = changes.filter(({ from, to }) => isLower(from, to) && !isRaise(from, to));
  const at = Math.min(...lowers.map((change) => change.at));
  const first = lowers.filter((change) => change.at === at);
  if (first.length === 0) return 'nothing will be lowered soon';
  const nodes = first.reduce((sum, { from, to }) => sum + upper(from) - upper(to), 0);
  const verb = first.every((change) => change.isObserved) ? 'I would lower (mode: observe)' : 'I will lower';
  return `at ${localTime(at, config)} ${verb} ${counted(first.length, 'pool')} by ${counted(nodes, 'node')}`;
}

function raising(changes: readonly Coming[], config: CompiledConfig): string {
  const raises = changes.filter(({ from, to }) => isRaise(from, to)).map((change) => change.at);
  return raises.length === 0
    ? 'no raise is due at the next change'
    : `next raise ${localTime(Math.min(...raises), config)}`;
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** In the zone of the first schedule: one sentence can only have one. */
function localTime(at: EpochMs, config: CompiledConfig): string {
  const zone = config.schedules[0]?.zone ?? 'UTC';
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return `${format.format(at)} (${zone})`;
}
