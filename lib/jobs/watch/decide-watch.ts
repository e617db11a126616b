import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import { isForgettable } from '../../decide/incidents/open-and-resolve.ts';
import type { DestinationState } from '../../decide/incidents/routing.ts';
import { isSpent, type Silences } from '../../decide/incidents/silence.ts';
import { type IncidentsOutcome, stepIncidents } from '../../decide/incidents/step-incidents.ts';
import { observeFleet, type WatchSight } from '../../decide/watching/observe-fleet.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import { type RegionAnswers, type RegionMemory, withIncidentSubjects } from '../../decide/watching/watch-memory.ts';
import type { Store, StoredRecord, Write } from '../../io/stores/store.ts';
import type { ObservedVersion } from '../../model/cluster.ts';
import type { Subject } from '../../model/finding.ts';
import { type Part, partOfSubject } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import {
  forgetDestination,
  listBroken,
  listKnownDestinations,
  type StoredDestination,
} from '../records/destination-records.ts';
import {
  incidentKeyOf,
  listIncidents,
  listSilences,
  type StoredIncident,
  type StoredSilence,
  silenceKey,
} from '../records/incident-records.ts';
import { type KnownTimes, loadTimes } from '../records/known-times.ts';
import { seenKeyOf } from '../records/last-rounds.ts';
import { listOwnRounds, listRoundHeads } from '../records/round-findings.ts';
import { loadMemory, type StoredMemory } from '../records/watch-records.ts';
import { ask } from './ask-regions.ts';
import type { WatchParts } from './watch-round.ts';

export type Decided = { readonly observed: WatchSight; readonly outcome: IncidentsOutcome };

type Input = {
  readonly now: EpochMs;
  readonly known: KnownState;
  readonly answers: readonly RegionAnswers[];
  readonly destinations: readonly DestinationState[];
  readonly silences: Silences;
  readonly part: Part;
};

/**
 * The round's decision. If a step before a version's end is due, the region's versions are read, and the decision is
 * made again with them, so that the message can name the possible upgrades.
 */
export async function decideWatch(parts: WatchParts, input: Input): Promise<Decided> {
  const first = decideOnce(parts, input, new Map());
  const regions = regionsWithSteps(first.outcome);
  if (regions.length === 0) return first;
  const versions = new Map<string, readonly ObservedVersion[]>();
  for (const region of regions) {
    const answer = await ask(() => parts.mksOf(region).listVersions());
    if (answer.kind === 'ok') versions.set(region, answer.value);
  }
  return decideOnce(parts, input, versions);
}

function decideOnce(
  { config, hash, configProblem }: WatchParts,
  { now, known, answers, destinations, silences, part }: Input,
  versions: ReadonlyMap<string, readonly ObservedVersion[]>,
): Decided {
  const records = known.incidents.map(({ record }) => record);
  const observed = observeFleet({
    now,
    config,
    answers,
    memories: known.memories.map(({ memory }) => memory),
    rounds: known.rounds,
    incidents: records.filter(({ phase }) => phase !== 'quiet'),
    configProblem,
    versions,
  });
  const outcome = stepIncidents({
    now,
    hash,
    records,
    lastKnown: known.times.times,
    observations: observed.observations.filter(({ subject }) => subject.kind === 'region' || isOwn(subject, part)),
    durations: config.watch,
    destinations,
    silences,
  });
  const changes = outcome.changes.filter(({ record }) => isOwn(record.subject, part));
  return { observed, outcome: { ...outcome, changes } };
}

/**
 * Each part handles the incidents of its own clusters, the first one also those of regions and of the fleet. The other
 * parts read the regions too, since a bad region inhibits the incidents below it.
 */
export function isOwn(subject: Subject, { index, count }: Part): boolean {
  return partOfSubject(subject, count) === index;
}

function regionsWithSteps({ changes }: IncidentsOutcome): readonly string[] {
  const told = changes
    .flatMap(({ deliveries }) => deliveries)
    .filter(({ facts }) => facts.kind === 'version.eol' && facts.what !== 'resolve')
    .flatMap(({ facts }) => (facts.subject.kind === 'cluster' ? [facts.subject.region] : []));
  return [...new Set(told)].sort();
}

/** Everything a round reads from the store, before it asks the API. */
export type KnownState = {
  readonly incidents: readonly StoredIncident[];
  readonly memories: readonly { readonly stored: StoredMemory; readonly memory: RegionMemory }[];
  readonly times: KnownTimes;
  readonly rounds: readonly RoundFindings[];
  readonly silences: readonly StoredSilence[];
  readonly destinations: readonly StoredDestination[];
  readonly broken: ReadonlyMap<string, EpochMs>;
  readonly seen: StoredRecord | undefined;
};

export async function loadKnownState({ store, config, clock }: WatchParts, part: Part): Promise<KnownState> {
  const incidents = await listIncidents(store);
  const living = incidents.map(({ record }) => record).filter(({ phase }) => phase !== 'quiet');
  const memories: KnownState['memories'][number][] = [];
  const rounds: RoundFindings[] = [];
  for (const { name } of config.regions) {
    const { memory, stored } = await loadMemory(store, name, part);
    const own = living.filter(({ subject }) => isOwn(subject, part));
    memories.push({ stored, memory: withIncidentSubjects(memory, own, clock.now()) });
    const isEach = living.some(({ subject }) => 'clusterId' in subject && isOwn(subject, part));
    rounds.push(...(await listRounds(store, name, part, isEach)));
  }
  return {
    incidents,
    memories,
    rounds,
    times: await loadTimes(store, part),
    silences: await listSilences(store),
    destinations: await listKnownDestinations(store),
    broken: await listBroken(store),
    seen: await store.read(seenKeyOf(part)),
  };
}

/**
 * The first part also judges what concerns no single cluster. For that it needs the other parts' rounds without their
 * long lists. Which clusters a round read only matters for resolving, so it is skipped if nothing is open.
 */
async function listRounds(
  store: Store,
  region: string,
  part: Part,
  isEach: boolean,
): Promise<readonly RoundFindings[]> {
  const { rounds: own } = await listOwnRounds(store, region, part, { isEach });
  if (part.count === 1 || part.index > 0 || own.length > 1) return own;
  const heads = (await listRoundHeads(store, region)).filter(({ shard }) => shard.index !== part.index);
  return [...own, ...heads.map((head) => ({ ...head, checkedClusters: [] }))];
}

/**
 * Records to delete: incidents whose past has no more effect, silences that ended, and destinations that left the
 * config, or whose old address has no more resolves due.
 */
export async function leftovers(
  store: Store,
  known: KnownState,
  records: readonly IncidentRecord[],
  gone: { readonly removed: readonly StoredDestination[]; readonly replaced: readonly StoredDestination[] },
  now: EpochMs,
): Promise<readonly Write[]> {
  const settled: StoredDestination[] = [];
  for (const destination of gone.replaced) {
    if (await owesNothing(store, destination, records)) settled.push(destination);
  }
  return [
    ...forgettable(known, records, now),
    ...spent(known, records, now),
    ...[...gone.removed, ...settled].map(forgetDestination),
  ];
}

/** Only records that did not change since they were read. */
function forgettable(known: KnownState, records: readonly IncidentRecord[], now: EpochMs): readonly Write[] {
  const unchanged = new Set(records);
  return known.incidents
    .filter(({ record }) => unchanged.has(record) && isForgettable(record, now))
    .map(({ record, version }) => ({ kind: 'deleteIfVersion', key: incidentKeyOf(record.key), version }));
}

function spent(known: KnownState, records: readonly IncidentRecord[], now: EpochMs): readonly Write[] {
  const open = new Set(records.filter(({ phase }) => phase === 'open').map(({ key, episode }) => `${key} ${episode}`));
  const isEpisodeOpen = (key: string, episode: EpochMs) => open.has(`${key} ${episode}`);
  return known.silences
    .filter(({ silence }) => isSpent(silence, now, isEpisodeOpen))
    .map(({ silence, version }) => ({ kind: 'deleteIfVersion', key: silenceKey(silence.id), version }));
}

async function owesNothing(
  store: Store,
  { known }: StoredDestination,
  records: readonly IncidentRecord[],
): Promise<boolean> {
  if (records.some(({ told }) => told[known.id] !== undefined)) return false;
  return (await store.list(`outbox/${known.id}`, { limit: 1 })).length === 0;
}
