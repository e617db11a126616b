import { type ObservedFleetCluster, rememberedCluster, type StoredRule } from '../../decide/scaling/memory.ts';
import { isUnread } from '../../decide/scaling/plan-round.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAsks } from '../../jobs/records/ask-records.ts';
import { listClusterRecords, listStoredRules, readUninstalled } from '../../jobs/records/cluster-records.ts';
import { observeFleet } from '../../jobs/scale/observe.ts';
import { readKnown } from '../../jobs/scale/read-known.ts';
import type { Ask } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import { reachedRegions } from '../../model/match.ts';
import { withConfig } from '../../model/text.ts';
import { lookIntoStore } from '../config-and-store.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { emptyStore, openApp } from '../run/process-parts.ts';
import { addNamedPools, assumedFleet, namedPools, withoutSchedule } from './assumed-fleet.ts';

/** From where a region's pools are known: asked just now, remembered by the store, or only named by the config. */
type FleetSource = 'api' | 'store' | 'config';

export type StartingFleet = {
  readonly clusters: readonly ObservedFleetCluster[];
  readonly asks: readonly Ask[];
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  readonly sources: readonly { readonly region: string; readonly source: FleetSource }[];
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
};

export type FleetToRehearse = {
  readonly config: CompiledConfig;
  /** A second config that is rehearsed on the same fleet. */
  readonly against: CompiledConfig | undefined;
  readonly isOffline: boolean;
  /** Pools to rehearse as well, although nobody may have seen them. */
  readonly named: readonly Names[];
};

/** The fleet as it is, as far as it can be had; what cannot be had is said, never made up in silence. */
export async function startingFleet(parts: CliParts, wanted: FleetToRehearse): Promise<StartingFleet> {
  const looked = await lookIntoStore(parts, wanted.config, (store) => look(parts, wanted, store));
  if (looked !== undefined) return looked;
  const fleet = await look(parts, wanted, emptyStore(parts.newId));
  return { ...fleet, notes: [...fleet.notes, noStoreNote(wanted.config)] };
}

function noStoreNote({ store }: CompiledConfig): string {
  const where = store.kind === 'sqlite' ? ` at ${store.path}` : '';
  return `there is no store${where} yet: remembered bases, pauses and leases are not known`;
}

const uninstalledNote =
  'this fleet is uninstalled: the rehearsal shows what would happen after: lamplighter uninstall --undo';

type SeenRegion = {
  readonly source: FleetSource;
  readonly clusters: readonly ObservedFleetCluster[];
  readonly notes: readonly string[];
};

async function look(parts: CliParts, wanted: FleetToRehearse, store: Store): Promise<StartingFleet> {
  const { config } = wanted;
  const seen = wanted.isOffline ? undefined : await askFleet(parts, wanted, store);
  const isUninstalled = (await readUninstalled(store)) !== undefined;
  const unscheduled = withoutSchedule(wanted.named, booksOf(parts, wanted));
  const uninstalled = isUninstalled ? [withConfig(config, uninstalledNote)] : [];
  const notes = [...(seen?.notes ?? []), ...uninstalled, ...unscheduled, ...lostRegions(wanted)];
  const regions: { region: string; source: FleetSource; clusters: readonly ObservedFleetCluster[] }[] = [];
  for (const { name } of regionsOf(wanted)) {
    const own = seen?.answered.has(name)
      ? answered(parts, wanted, seen.clusters, name)
      : await withoutApi(parts, wanted, store, name);
    notes.push(...own.notes);
    regions.push({ region: name, source: own.source, clusters: own.clusters });
  }
  const asks = await Promise.all(regionsOf(wanted).map(({ name }) => listAsks(store, name)));
  return {
    clusters: regions.flatMap(({ clusters }) => clusters),
    asks: asks.flat(),
    storedRules: await listStoredRules(store),
    sources: regions.map(({ region, source }) => ({ region, source })),
    notes,
  };
}

function lostRegions(wanted: FleetToRehearse): readonly string[] {
  const { config } = wanted;
  return regionsOf(wanted)
    .slice(config.regions.length)
    .map(({ name }) => `${name}: ${config.file} has no such region (any more); its pools stay as they are`);
}

function answered(
  parts: CliParts,
  wanted: FleetToRehearse,
  seen: readonly ObservedFleetCluster[],
  region: string,
): SeenRegion {
  const own = seen.filter(({ cluster }) => cluster.region === region);
  return { source: 'api', ...withNamed(parts, wanted, own, region) };
}

function withNamed(parts: CliParts, wanted: FleetToRehearse, seen: readonly ObservedFleetCluster[], region: string) {
  const named = wanted.named.filter((one) => one.region === region);
  return addNamedPools(seen, named, booksOf(parts, wanted));
}

function booksOf({ clock }: CliParts, { config, against }: FleetToRehearse): readonly RuleBook[] {
  const configs = against === undefined ? [config] : [config, against];
  return configs.map((one) => makeRuleBook(one, clock.now()));
}

async function withoutApi(parts: CliParts, wanted: FleetToRehearse, store: Store, region: string): Promise<SeenRegion> {
  const stored = await listClusterRecords(store, region);
  const remembered = [...stored].map(([id, { record }]) => rememberedCluster(region, id, record));
  if (remembered.some(({ pools }) => pools.length > 0)) {
    const { clusters, notes } = withNamed(parts, wanted, remembered, region);
    return { source: 'store', clusters, notes: [`${region}: pools as last seen, from the store`, ...notes] };
  }
  return { source: 'config', ...assume(parts, wanted, region) };
}

function assume(parts: CliParts, wanted: FleetToRehearse, region: string): Omit<SeenRegion, 'source'> {
  const { config, against, named } = wanted;
  const configs = against === undefined ? [config] : [config, against];
  const names = [...named, ...configs.flatMap(namedPools)].filter((one) => one.region === region);
  const books = booksOf(parts, wanted);
  const fleets = books.map((book) => assumedFleet(names, book));
  const clusters = joined(fleets.flat());
  const isGuessed = clusters.some(({ cluster, pools }) =>
    pools?.some(
      ({ name, labels }) =>
        books[0]?.ruleOf({ region, cluster: cluster.name, pool: name, labels })?.base === 'remembered',
    ),
  );
  const globs = config.rules.filter(
    ({ match, schedule }) =>
      schedule !== undefined && !match.exactPool && reachedRegions(match, [{ name: region }]).length > 0,
  );
  return {
    clusters,
    notes: [
      ...(clusters.length > 0
        ? [`${region}: its pools are taken from the names in the config, since no round has seen it`]
        : []),
      ...(isGuessed ? [`${region}: an unknown remembered base is assumed to be one node more than idle`] : []),
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

/** Those of both configs: what only one of them names is rehearsed with that one, and stays as it is with the other. */
function regionsOf({ config, against }: FleetToRehearse): CompiledConfig['regions'] {
  const names = new Set(config.regions.map(({ name }) => name));
  return [...config.regions, ...(against?.regions ?? []).filter(({ name }) => !names.has(name))];
}

/** One read of the API, as a round does it; of everything that either config has a rule for. */
async function askFleet(parts: CliParts, wanted: FleetToRehearse, store: Store) {
  const { config, against } = wanted;
  const log = makeCliLog(parts, 'error');
  const rules = [...config.rules, ...(against?.rules ?? [])].filter(({ schedule }) => schedule !== undefined);
  const { app } = await openApp({ ...parts, log }, config, store);
  const wide = { ...config, rules, regions: regionsOf(wanted) };
  const book = makeRuleBook(wide, parts.clock.now());
  const scaling = { ...parts, log, store, config: wide, mksOf: app.mksOf(wide) };
  const options = { isDryRun: true };
  const seen = await observeFleet(scaling, options, book, await readKnown(scaling, options));
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
  return { cluster: { ...one, pools }, note: [`${name}: pools as last seen, from the store`] };
}

/**
 * The fleet for a rehearsal that begins on a later day. Since when a pool has owed its size today says nothing of that
 * day: there it owes from the first instant on, and cannot be late at it.
 */
export function startLater(clusters: readonly ObservedFleetCluster[]): readonly ObservedFleetCluster[] {
  return clusters.map((seen) => {
    if (seen.record === undefined) return seen;
    const pools = Object.entries(seen.record.pools).map(([id, memory]) => [id, { ...memory, pending: undefined }]);
    return { ...seen, record: { ...seen.record, pools: Object.fromEntries(pools) } };
  });
}
