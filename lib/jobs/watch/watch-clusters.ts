import { describeSubject } from '../../decide/incidents/incident.ts';
import { isWindowOpen, type Silences } from '../../decide/incidents/silence.ts';
import type { IncidentChange, IncidentsOutcome } from '../../decide/incidents/step-incidents.ts';
import { isClockWrong } from '../../decide/watching/observe-region.ts';
import type { RegionAnswers } from '../../decide/watching/watch-memory.ts';
import { healStore } from '../../io/stores/bounded-store.ts';
import { mostWrites, type Write } from '../../io/stores/store.ts';
import type { Severity } from '../../model/finding.ts';
import { type Part, whole } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import { storeProblem } from '../records/change-record.ts';
import { type Committed, commitIncidents, type Destinations, destinationStates } from '../records/commit-incidents.ts';
import { timesWrites } from '../records/known-times.ts';
import { seenWrite } from '../records/last-rounds.ts';
import { isOwnRecord } from '../records/own-records.ts';
import { announce } from './announce.ts';
import { askRegions } from './ask-regions.ts';
import { type Decided, decideWatch, isOwn, type KnownState, leftovers, loadKnownState } from './decide-watch.ts';
import { tellDigest } from './digest.ts';
import { keepMemory } from './keep-memory.ts';
import { type ToldNotices, tellNotices } from './tell-notices.ts';
import type { WatchOptions, WatchParts, WatchReport } from './watch-round.ts';

/**
 * One round of the watch: observe (the store, then the API), decide (pure), act (one transaction per incident with its
 * deliveries). The report names what could not be stored; the next round makes up for it. Throws StoreError only if the
 * store cannot be read at all. With parts, the first one does all that concerns no single cluster.
 */
export async function watchClusters(
  parts: WatchParts,
  { shard: part = whole }: WatchOptions = {},
): Promise<WatchReport> {
  const { clock, config, hash } = parts;
  const known = await loadKnownState(parts, part);
  const memories = known.memories.map(({ memory }) => memory);
  const answers = await askRegions(parts, memories, part);
  const now = clock.now();
  const destinations = destinationStates(config.destinations, known.destinations, known.broken, hash);
  const asked = known.silences.map(({ silence }) => silence);
  const silences: Silences = { configured: config.silences, asked, isWindowOpen };
  const decided = await decideWatch(parts, { now, known, answers, destinations: destinations.states, silences, part });
  const round: Round = { now, part, known, answers, destinations, silences, decided };
  const { committed, unstored } = await keepDecided(parts, round);
  const told = part.index === 0 ? await tellAll(parts, round) : nothingTold;
  const untidied = await tidy(parts, round, told.unwanted);
  const unhealed = await heal(parts, answers, part);
  const problems = [...unstored, ...told.problems, ...untidied, ...unhealed];
  const shut = answers.flatMap(shutOut);
  const report = {
    at: now,
    clusters: clustersIn(answers),
    pools: answers.flatMap(nodesOf),
    answered: answeredIn(answers),
    notices: told.deliveries,
    isKept: untidied.length === 0,
    problems: [...shut.map(({ region, reason }) => `region ${region}: ${reason}`), ...problems],
    ...counted(committed),
  };
  logRound(parts, { ...report, problems }, committed);
  for (const { region, reason } of shut) parts.log.warn('region cannot be watched', { region, reason });
  return report;
}

/** What one round has read and decided. */
type Round = {
  readonly now: EpochMs;
  readonly part: Part;
  readonly known: KnownState;
  readonly answers: readonly RegionAnswers[];
  readonly destinations: Destinations;
  readonly silences: Silences;
  readonly decided: Decided;
};

/** `unstored`: what could not be stored, in words. */
async function keepDecided(
  parts: WatchParts,
  { known, decided, destinations, part }: Round,
): Promise<{ readonly committed: Committed; readonly unstored: readonly string[] }> {
  const states = part.index === 0 ? await commitAll(parts, destinations.writes) : [];
  const versions = new Map(known.incidents.map(({ record, version }) => [record.key, version]));
  const committed = await commitIncidents(parts.store, decided.outcome.changes, versions);
  const failed = committed.failed.map(({ change, reason }) => describeFailure(change, reason));
  const memories = await keepMemories(parts, known, decided, committed);
  const times = await keepTimes(parts, known, decided.outcome, committed, part);
  return { committed, unstored: [...states, ...failed, ...memories, ...times] };
}

async function commitAll({ store }: WatchParts, writes: readonly Write[]): Promise<string[]> {
  if (writes.length === 0) return [];
  const problem = await storeProblem(() => store.commit(writes.slice(0, mostWrites)));
  return typeof problem === 'string' ? [problem] : [];
}

function describeFailure({ record }: IncidentChange, reason: string): string {
  return `the incident ${record.kind} of ${describeSubject(record.subject)} was not stored: ${reason}`;
}

async function keepMemories(
  { store, hash }: WatchParts,
  known: KnownState,
  { observed }: Decided,
  { failed }: Committed,
): Promise<readonly string[]> {
  const subjects = failed.map(({ change }) => change.record.subject);
  const problems: string[] = [];
  for (const before of known.memories) {
    const { region } = before.memory;
    const unsettled = new Set(
      subjects.flatMap((one) => ('clusterId' in one && one.region === region ? [one.clusterId] : [])),
    );
    const after = observed.memories.find((memory) => memory.region === region);
    const notices = observed.notices.filter(({ subject }) => 'region' in subject && subject.region === region);
    const problem = after && (await keepMemory({ store, hash }, before, after, notices, unsettled));
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

/**
 * When each incident was last observed. If storing failed, the old time stays, so that the next round decides again.
 */
async function keepTimes(
  { store }: WatchParts,
  { times }: KnownState,
  { lastKnown, records }: IncidentsOutcome,
  { failed }: Committed,
  part: Part,
): Promise<readonly string[]> {
  const lost = new Set(failed.map(({ change }) => change.record.key));
  const own = new Set(records.filter(({ subject }) => isOwn(subject, part)).map(({ key }) => key));
  const entries = Object.entries(lastKnown).flatMap(([key, at]): readonly (readonly [string, EpochMs])[] => {
    // Times of another part's incidents stay here until that part has stored them.
    const kept = own.has(key) && !lost.has(key) ? at : (own.has(key) ? times.times : times.unclaimed)[key];
    return kept === undefined ? [] : [[key, kept]];
  });
  const after = Object.fromEntries(entries);
  if (entries.length === 0 && times.versions.size === 0) return [];
  const problem = await storeProblem(async () => void (await store.commit(timesWrites(after, times, part))));
  return typeof problem === 'string' ? [problem] : [];
}

const nothingTold: ToldNotices = { deliveries: 0, unwanted: [], problems: [] };

/** Messages that are sent once: notices of all parts and of scaling rounds, and announcements. */
async function tellAll(
  parts: WatchParts,
  { known, answers, destinations: { states }, silences, now }: Round,
): Promise<ToldNotices> {
  const notices = await tellNotices(parts, states, silences);
  const announced = await announce(parts, known, states, silences, now);
  // By a wrong clock it would tell of another week.
  const digest = await tellDigest(parts, answers.some(isClockWrong) ? [] : states, now);
  return {
    deliveries: notices.deliveries + announced.deliveries + digest.deliveries,
    unwanted: notices.unwanted,
    problems: [...notices.problems, ...announced.problems, ...digest.problems],
  };
}

/**
 * The round's own mark, and with it everything that has no more use, which is for the first part. By a clock that the
 * answers contradict, silences that go on would have no more use.
 */
async function tidy(
  { store, config }: WatchParts,
  { now, part, known, answers, destinations, decided }: Round,
  unwanted: readonly Write[],
): Promise<readonly string[]> {
  const [clusters, answered] = [clustersIn(answers), answeredIn(answers)];
  const seen = seenWrite({ schema: 1, at: now, configHash: config.hash, clusters, answered }, part, known.seen);
  const useless = async () =>
    answers.some(isClockWrong) ? [] : leftovers(store, known, decided.outcome.records, destinations, now);
  const problem = await storeProblem(async () => {
    const away = part.index === 0 ? [...unwanted, ...(await useless())] : [];
    const outcome = await store.commit([seen, ...away.slice(0, mostWrites - 1)]);
    if (outcome.kind === 'conflict' && !outcome.failed.includes(0)) await store.commit([seen]);
  });
  return typeof problem === 'string' ? [problem] : [];
}

function clustersIn(answers: readonly RegionAnswers[]): number {
  return answers.reduce((sum, { clusters }) => sum + clusters.length, 0);
}

function answeredIn(answers: readonly RegionAnswers[]): readonly string[] {
  return answers.filter(({ list }) => list.kind === 'ok').map(({ region }) => region);
}

/** Where the clock is right, by what the answers say: what a wrong one has left behind is put right for good. */
async function heal({ store }: WatchParts, answers: readonly RegionAnswers[], part: Part): Promise<readonly string[]> {
  if (answeredIn(answers).length === 0 || answers.some(isClockWrong)) return [];
  const problem = await storeProblem(() => healStore(store, (record) => isOwnRecord(record, part)));
  return typeof problem === 'string' ? [problem] : [];
}

/**
 * A region whose token is missing or refused, and why: known at once, but the incident opens after the second
 * observation.
 */
function shutOut({ region, list }: RegionAnswers): readonly { readonly region: string; readonly reason: string }[] {
  const isShut = list.kind === 'unauthorized' || list.kind === 'forbidden';
  const isMissing = list.kind === 'not-sent' && list.reason === 'no-token';
  return isShut || isMissing ? [{ region, reason: list.detail }] : [];
}

function nodesOf({ region, clusters }: RegionAnswers): WatchReport['pools'] {
  return clusters.flatMap(({ listed, pools }) =>
    (pools.kind === 'ok' ? pools.value : []).flatMap(({ name, size }) =>
      size === undefined ? [] : [{ region, cluster: listed.name, pool: name, nodes: size }],
    ),
  );
}

function counted({ done }: Committed): Pick<WatchReport, 'opened' | 'resolved' | 'deliveries'> {
  const wasOpen = ({ before }: IncidentChange) => before?.phase === 'open';
  return {
    opened: done.filter((change) => !wasOpen(change) && change.record.phase === 'open').length,
    resolved: done.filter((change) => wasOpen(change) && change.record.phase !== 'open').length,
    deliveries: done.reduce((sum, { deliveries }) => sum + deliveries.length, 0),
  };
}

function levelOf(severity: Severity): 'error' | 'warn' | 'info' {
  return severity === 'critical' ? 'error' : severity === 'warning' ? 'warn' : 'info';
}

function logRound({ log }: WatchParts, report: WatchReport, { done }: Committed): void {
  for (const { before, record } of done) {
    const isOpen = record.phase === 'open';
    if (isOpen === (before?.phase === 'open')) continue;
    const { kind, subject, severity } = record;
    const where = 'region' in subject ? { region: subject.region } : {};
    const fields = { kind, subject: describeSubject(subject), ...where, severity };
    const incident = record.key.slice(0, 12);
    if (!isOpen) log.info('incident resolved', { ...fields, incident });
    else log[levelOf(record.severity)]('incident opened', { ...fields, incident, text: record.text, fix: record.fix });
  }
  for (const problem of report.problems) log.warn('watch could not store something', { reason: problem });
  const { clusters, opened, resolved, deliveries, notices } = report;
  log.info('watched', { clusters, answered: report.answered.length, opened, resolved, deliveries, notices });
}
