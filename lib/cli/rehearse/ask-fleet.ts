import type { CompiledConfig } from '../../decide/compiled-config.ts';
import { isUnread, type ObservedFleetCluster } from '../../decide/scaling/plan-round.ts';
import { rememberedCluster } from '../../decide/scaling/remembered-fleet.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import type { Store } from '../../io/stores/store.ts';
import { observeFleet } from '../../jobs/scale/observe.ts';
import { makeCliLog } from '../cli-log.ts';
import type { CliParts } from '../cli-parts.ts';
import { openApp } from '../run/process-parts.ts';
import type { FleetWish } from './starting-fleet.ts';

/** Those of both configs: what only one of them names is rehearsed with that one, and stays as it is with the other. */
export function regionsOf({ config, against }: FleetWish): CompiledConfig['regions'] {
  const names = new Set(config.regions.map(({ name }) => name));
  return [...config.regions, ...(against?.regions ?? []).filter(({ name }) => !names.has(name))];
}

/** One read of the API, as a round does it; of everything that either config has a rule for. */
export async function askFleet(parts: CliParts, wish: FleetWish, store: Store) {
  const { config, against } = wish;
  const log = makeCliLog(parts, 'error');
  const rules = [...config.rules, ...(against?.rules ?? [])].filter(({ schedule }) => schedule !== undefined);
  const { app } = await openApp({ ...parts, log }, config, store);
  const wide = { ...config, rules, regions: regionsOf(wish) };
  const book = makeRuleBook(wide, parts.clock.now());
  const seen = await observeFleet(
    { ...parts, log, store, config: wide, mksOf: app.mksOf(wide) },
    { isDryRun: true },
    book,
  );
  const filled = seen.clusters.map((one) => (isUnread(book, one) ? fillIn(one) : { cluster: one, note: [] }));
  return {
    clusters: filled.map(({ cluster }) => cluster),
    answered: seen.answered,
    notes: [...seen.problems.map(({ reason }) => reason), ...filled.flatMap(({ note }) => note)],
  };
}

/** A cluster whose pools could not be read: as its record has them, where there is one. */
function fillIn(one: ObservedFleetCluster): {
  readonly cluster: ObservedFleetCluster;
  readonly note: readonly string[];
} {
  const { region, id, name } = one.cluster;
  const pools = one.record && rememberedCluster(region, id, one.record).pools;
  if (!pools?.length) return { cluster: one, note: [`${name}: its pools are not known, and left out`] };
  return { cluster: { ...one, pools }, note: [`${name}: pools as the store last saw them`] };
}
