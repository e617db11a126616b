import type { Ask } from '../../decide/asks.ts';
import { withConfig } from '../../decide/command-hint.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { Names } from '../../decide/match.ts';
import type { StoredRule } from '../../decide/scaling/brake.ts';
import type { ObservedFleetCluster } from '../../decide/scaling/plan-round.ts';
import { rememberedCluster } from '../../decide/scaling/remembered-fleet.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAsks } from '../../jobs/records/ask-records.ts';
import { listClusterRecords, listStoredRules } from '../../jobs/records/cluster-records.ts';
import { readUninstalled } from '../../jobs/records/uninstalled.ts';
import { reachedRegions } from '../asked-match.ts';
import type { CliParts } from '../cli-parts.ts';
import { emptyStore } from '../run/process-parts.ts';
import { lookIntoStore } from '../with-store.ts';
import { askFleet, regionsOf } from './ask-fleet.ts';
import { assumedFleet, namedPools } from './assumed-fleet.ts';
import { addNamedPools, withoutSchedule } from './named-pools.ts';

/** From where a region's pools are known: asked just now, remembered by the store, or only named by the config. */
export type FleetSource = 'api' | 'store' | 'config';

export type StartingFleet = {
  readonly clusters: readonly ObservedFleetCluster[];
  readonly asks: readonly Ask[];
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  readonly sources: readonly { readonly region: string; readonly source: FleetSource }[];
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
};

export type FleetWish = {
  readonly config: CompiledConfig;
  /** A second config that is rehearsed on the same fleet. */
  readonly against: CompiledConfig | undefined;
  readonly isOffline: boolean;
  /** Pools to rehearse as well, although nobody may have seen them. */
  readonly named: readonly Names[];
};

/** The fleet as it is, as far as it can be had; what cannot be had is said, never made up in silence. */
export async function startingFleet(parts: CliParts, wish: FleetWish): Promise<StartingFleet> {
  const looked = await lookIntoStore(parts, wish.config, (store) => look(parts, wish, store));
  if (looked !== undefined) return looked;
  const fleet = await look(parts, wish, emptyStore(parts.newId));
  return { ...fleet, notes: [...fleet.notes, noStoreNote(wish.config)] };
}

function noStoreNote({ store }: CompiledConfig): string {
  const where = store.kind === 'sqlite' ? ` at ${store.path}` : '';
  return `there is no store${where} yet: nothing is known of remembered bases, pauses and leases`;
}

const uninstalledNote = 'this fleet is uninstalled: it is rehearsed as it would be after: lamplighter uninstall --undo';

type SeenRegion = {
  readonly source: FleetSource;
  readonly clusters: readonly ObservedFleetCluster[];
  readonly notes: readonly string[];
};

async function look(parts: CliParts, wish: FleetWish, store: Store): Promise<StartingFleet> {
  const { config } = wish;
  const seen = wish.isOffline ? undefined : await askFleet(parts, wish, store);
  const isUninstalled = (await readUninstalled(store)) !== undefined;
  const unscheduled = withoutSchedule(wish.named, booksOf(parts, wish));
  const uninstalled = isUninstalled ? [withConfig(config, uninstalledNote)] : [];
  const notes = [...(seen?.notes ?? []), ...uninstalled, ...unscheduled, ...lostRegions(wish)];
  const regions: { region: string; source: FleetSource; clusters: readonly ObservedFleetCluster[] }[] = [];
  for (const { name } of regionsOf(wish)) {
    const own = seen?.answered.has(name)
      ? answered(parts, wish, seen.clusters, name)
      : await withoutApi(parts, wish, store, name);
    notes.push(...own.notes);
    regions.push({ region: name, source: own.source, clusters: own.clusters });
  }
  const asks = await Promise.all(regionsOf(wish).map(({ name }) => listAsks(store, name)));
  return {
    clusters: regions.flatMap(({ clusters }) => clusters),
    asks: asks.flat(),
    storedRules: await listStoredRules(store),
    sources: regions.map(({ region, source }) => ({ region, source })),
    notes,
  };
}

function lostRegions(wish: FleetWish): readonly string[] {
  const { config } = wish;
  return regionsOf(wish)
    .slice(config.regions.length)
    .map(({ name }) => `${name}: ${config.file} has no such region (any more); its pools stay as they are`);
}

function answered(parts: CliParts, wish: FleetWish, seen: readonly ObservedFleetCluster[], region: string): SeenRegion {
  const own = seen.filter(({ cluster }) => cluster.region === region);
  return { source: 'api', ...withNamed(parts, wish, own, region) };
}

function withNamed(parts: CliParts, wish: FleetWish, seen: readonly ObservedFleetCluster[], region: string) {
  const named = wish.named.filter((one) => one.region === region);
  return addNamedPools(seen, named, booksOf(parts, wish));
}

function booksOf({ clock }: CliParts, { config, against }: FleetWish): readonly RuleBook[] {
  const configs = against === undefined ? [config] : [config, against];
  return configs.map((one) => makeRuleBook(one, clock.now()));
}

async function withoutApi(parts: CliParts, wish: FleetWish, store: Store, region: string): Promise<SeenRegion> {
  const stored = await listClusterRecords(store, region);
  const remembered = [...stored].map(([id, { record }]) => rememberedCluster(region, id, record));
  if (remembered.some(({ pools }) => pools.length > 0)) {
    const { clusters, notes } = withNamed(parts, wish, remembered, region);
    return { source: 'store', clusters, notes: [`${region}: pools as the store last saw them`, ...notes] };
  }
  return { source: 'config', ...assume(parts, wish, region) };
}

function assume(parts: CliParts, wish: FleetWish, region: string): Omit<SeenRegion, 'source'> {
  const { config, against, named } = wish;
  const configs = against === undefined ? [config] : [config, against];
  const names = [...named, ...configs.flatMap(namedPools)].filter((one) => one.region === region);
  const books = booksOf(parts, wish);
  const fleets = books.map((book) => assumedFleet(names, book));
  const clusters = joined(fleets.flat());
  const isGuessed = clusters.some(({ cluster, pools }) =>
    pools?.some(({ name }) => books[0]?.ruleOf({ region, cluster: cluster.name, pool: name })?.base === 'remembered'),
  );
  const globs = config.rules.filter(
    ({ match, schedule }) =>
      schedule !== undefined && !match.exactPool && reachedRegions(match, [{ name: region }]).length > 0,
  );
  return {
    clusters,
    notes: [
      ...(clusters.length > 0
        ? [`${region}: nobody looked at it; its pools are taken from the names in the config`]
        : []),
      ...(isGuessed ? [`${region}: a remembered base that nobody knows counts as one node more than idle`] : []),
      ...(globs.length > 0
        ? [
            `${region}: rules with globs (${globs.map(({ match }) => match.text).join(', ')}) match only pools named with --pool`,
          ]
        : []),
    ],
  };
}

/** Both configs may name pools of the same cluster; what the first one says about a pool stands. */
function joined(fleet: readonly ObservedFleetCluster[]): readonly ObservedFleetCluster[] {
  const clusters = new Map<string, ObservedFleetCluster>();
  for (const one of fleet) {
    const known = clusters.get(one.cluster.id);
    const more = one.pools?.filter(({ id }) => !known?.pools?.some((pool) => pool.id === id)) ?? [];
    const record = one.record && { ...one.record, pools: { ...one.record.pools, ...known?.record?.pools } };
    clusters.set(one.cluster.id, { ...one, pools: [...(known?.pools ?? []), ...more], record });
  }
  return [...clusters.values()];
}
