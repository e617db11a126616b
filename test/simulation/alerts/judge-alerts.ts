import { sha256 } from '../../../lib/app.ts';
import type { Delivery } from '../../../lib/decide/incidents/delivery.ts';
import { incidentKey } from '../../../lib/decide/incidents/incident.ts';
import { destinationId } from '../../../lib/decide/incidents/routing.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import type { Subject } from '../../../lib/model/finding.ts';
import type { EpochMs } from '../../../lib/model/time.ts';
import type { Alert, PushedAlert } from '../../support/receivers/targets.ts';
import { hourMs, minuteMs } from './alert-scenario.ts';
import { judgeSigned } from './judge-signed.ts';
import type { Place } from './places.ts';
import { refuseCanaries } from './simulate-alerts.ts';
import { type AlertStage, lostPart, type Wrong } from './stage.ts';

/** What people would say at the end of the run, from what they know of the world and of their own screens. */
export async function judgeAlerts(stage: AlertStage): Promise<void> {
  const outbox = await waiting(stage);
  judgeLostPart(stage);
  judgeOutbox(stage, outbox);
  await judgeSecrets(stage);
  for (const place of Object.values(stage.places)) {
    judgeTold(stage, place, outbox.parked);
    if (place.kind === 'pager') judgePager(stage, place, outbox.parked);
    if (place.kind === 'hook') judgeSigned(stage, place, outbox.parked);
    if (place.kind === 'chat') judgeChat(stage, place, outbox.parked);
    if (place.kind === 'chat') judgeHaste(stage, place, outbox.parked);
    if (place.kind === 'am') judgeAlertmanager(stage, place);
  }
}

/** What keeps people from being told, or from seeing it as it was. */
const blinding = ['crash', 'sleep', 'store', 'webhooks', 'lost', 'config', 'wipe', 'storm'] as const;

/** A part whose rounds do not come is told by name. */
function judgeLostPart(stage: AlertStage): void {
  const name = lostPart(stage);
  if (name === undefined || blinding.some((fault) => stage.scenario.faults.has(fault))) return;
  const { slack, hook } = stage.places;
  for (const place of [slack, hook]) {
    if (place && !takenBodies(place).some((body) => body.includes(name)))
      stage.violate('lost part', `${place.host} never heard of ${name}`);
  }
}

type Outbox = { readonly waits: readonly Delivery[]; readonly batches: number; readonly parked: readonly string[] };

async function waiting({ store, configs }: AlertStage): Promise<Outbox> {
  const destinations = configs.flatMap(({ config }) => config.destinations);
  const ids = [...new Set(destinations.map((one) => destinationId(one, sha256)))];
  const records = (await Promise.all(ids.map((id) => listAll(store.plain, `outbox/${id}`)))).flat();
  const parked = (await Promise.all(ids.map((id) => listAll(store.plain, `parked/${id}`)))).flat();
  const singles = records.filter(({ key }) => key.id !== 'batch').map(({ value }) => value as unknown as Delivery);
  return {
    waits: singles,
    batches: records.length - singles.length,
    parked: parked.map(({ value }) => JSON.stringify(value)),
  };
}

function judgeOutbox(stage: AlertStage, { waits, batches }: Outbox): void {
  const last = stage.configs.at(-1)!;
  const active = new Set(
    last.config.destinations.filter(({ retired }) => !retired).map((one) => destinationId(one, sha256)),
  );
  const old = waits.filter(
    ({ queuedAt, destination }) => active.has(destination) && queuedAt < stage.scenario.end - 2.5 * hourMs,
  );
  for (const { destination, facts, queuedAt } of old.slice(0, 3)) {
    stage.violate('outbox', `still waits for ${destination} since ${queuedAt}: ${facts.what} ${facts.text}`);
  }
  if (batches > 0) stage.violate('outbox', 'a batch still waits');
}

async function judgeSecrets(stage: AlertStage): Promise<void> {
  const partitions = ['incidents', 'dest', 'destinations', 'obs', 'hist', 'history', 'findings', 'silences', 'notices'];
  for (const partition of partitions) {
    for (const { value } of await listAll(stage.store.plain, partition))
      refuseCanaries(stage, JSON.stringify(value), `records of ${partition}`);
  }
  for (const { receiver } of Object.values(stage.places)) {
    for (const { body } of receiver.requests) refuseCanaries(stage, body, 'a message');
  }
}

export function keyOf({ kind, clusterId, cluster, pool, poolId }: Wrong): string {
  const inside = { region: 'r1', clusterId, cluster };
  const subject: Subject =
    pool === undefined || poolId === undefined
      ? { kind: 'cluster', ...inside }
      : { kind: 'pool', ...inside, pool, poolId };
  return incidentKey(kind, subject, sha256);
}

/** Which active destination stood for this place, without a break, from an instant to the end? */
function stoodFrom(stage: AlertStage, host: string, from: EpochMs): boolean {
  const { configs } = stage;
  const first = Math.max(
    0,
    configs.findLastIndex(({ at }) => at <= from),
  );
  return configs
    .slice(first)
    .every(({ hosts, retired }) => [...hosts].some(([name, at]) => at === host && !retired.has(name)));
}

function wasSilenced({ silences }: AlertStage, wrong: Wrong): boolean {
  return silences.some(
    ({ cluster, span }) =>
      cluster === wrong.cluster && span.until > wrong.from && span.from < (wrong.until ?? Number.POSITIVE_INFINITY),
  );
}

/** Seen by good looks for long enough, with nothing above it that could have kept it quiet: when it was certain; or undefined. */
function certainAt(stage: AlertStage, wrong: Wrong): EpochMs | undefined {
  const until = wrong.until ?? stage.scenario.end;
  const looks = stage.goodRounds.filter((at) => at >= wrong.from && at <= until).sort((a, b) => a - b);
  const needed = (wrong.kind === 'cluster.stuck' ? 75 : wrong.kind === 'pool.error' ? 45 : 35) * minuteMs;
  let from = looks[0];
  for (const [index, at] of looks.entries()) {
    const before = looks[index - 1];
    if (from === undefined || (before !== undefined && at - before > 12 * minuteMs)) from = at;
    if (at - from >= needed && !isAboveWrong(stage, wrong, at)) return at;
  }
  return undefined;
}

function isAboveWrong({ wrongs }: AlertStage, wrong: Wrong, at: EpochMs): boolean {
  if (wrong.pool === undefined) return false;
  return wrongs.some(
    (one) =>
      one !== wrong &&
      one.pool === undefined &&
      one.clusterId === wrong.clusterId &&
      one.from <= at &&
      (one.until ?? at) >= at - 75 * minuteMs,
  );
}

/** The words of an incident that goes on are those of its latest wrong: only one that stands alone has its own. */
function standsAlone({ wrongs }: AlertStage, wrong: Wrong): boolean {
  return !wrongs.some(
    (one) =>
      one !== wrong &&
      keyOf(one) === keyOf(wrong) &&
      one.from < wrong.from &&
      (one.until ?? wrong.from) > wrong.from - 90 * minuteMs,
  );
}

function judgeTold(stage: AlertStage, place: Place, parked: readonly string[]): void {
  if (place.kind !== 'chat' && place.kind !== 'hook') return;
  const bodies = takenBodies(place);
  for (const wrong of stage.wrongs) {
    if (wrong.kind === 'cluster.stuck' || wasSilenced(stage, wrong) || !standsAlone(stage, wrong)) continue;
    const at = certainAt(stage, wrong);
    if (at === undefined || !stoodFrom(stage, place.host, at)) continue;
    if (stage.wipedAt !== undefined && stage.wipedAt > wrong.from) continue;
    if (at > stage.scenario.end - 30 * minuteMs) continue;
    const isTold = bodies.some((body) => body.includes(wrong.marker));
    // What may have been accepted gives way to news of the same.
    const newer = stage.wrongs.filter((one) => keyOf(one) === keyOf(wrong) && one.from > wrong.from);
    const isExcused =
      newer.some(({ marker }) => bodies.some((body) => body.includes(marker))) ||
      [...place.lost, ...parked].some((body) => body.includes(wrong.marker)) ||
      bodies.some((body) => / more \(/.test(body));
    if (!isTold && !isExcused)
      stage.violate(
        'untold',
        `${place.host} never heard of ${wrong.kind} of ${wrong.cluster} ${wrong.pool ?? ''} ${wrong.marker}, wrong for ${Math.round(((wrong.until ?? stage.scenario.end) - wrong.from) / minuteMs)} min from ${wrong.from}`,
      );
  }
}

/** The longest back-off, a batch's five minutes, and a few ticks. */
const soonMs = 30 * minuteMs;
/** The longest wait of what may have been accepted, and a few ticks. */
const laterMs = 150 * minuteMs;

/**
 * A chat that works hears what is new soon, however long it did not work before and whatever else waits for it. What was
 * sent in its bad time may have been accepted, so it comes again later.
 */
function judgeHaste(stage: AlertStage, place: Place, parked: readonly string[]): void {
  const { scenario, wrongs, wipedAt, stormAt } = stage;
  const isDisturbed = (['crash', 'sleep', 'store'] as const).some((fault) => scenario.faults.has(fault));
  if (isDisturbed || wipedAt !== undefined || stormAt !== undefined) return;
  for (const wrong of wrongs) {
    if (wrong.kind === 'cluster.stuck' || wasSilenced(stage, wrong) || !standsAlone(stage, wrong)) continue;
    const at = certainAt(stage, wrong);
    if (at === undefined || !stoodFrom(stage, place.host, at)) continue;
    const until = Math.min(wrong.until ?? scenario.end, scenario.end);
    const isOf = (body: string) => body.includes(wrong.marker);
    const soon = worksFrom(place, at, soonMs) + soonMs;
    const isTried = place.receiver.requests.some((one) => one.at <= soon && isOf(one.body));
    if (soon <= until && !isTried)
      stage.violate('late word', `${place.host} was not told of ${wrong.marker} by ${soon}`);
    const later = worksFrom(place, at, laterMs) + laterMs;
    const taken = takenPosts(place).filter((one) => one.at <= later);
    const isTaken = [...place.lost, ...parked, ...taken.map(({ text }) => text)].some(isOf);
    if (later <= until && !isTaken) stage.violate('late word', `${place.host} took no ${wrong.marker} by ${later}`);
  }
}

/** The first instant from here on after which it has no bad time for so long. */
function worksFrom(place: Pick<Place, 'episodes'>, at: EpochMs, forMs: number): EpochMs {
  const bad = place.episodes.find(({ from, until, feltMs }) => from < at + forMs && until + feltMs > at);
  return bad === undefined ? at : worksFrom(place, bad.until + bad.feltMs, forMs);
}

function takenPosts({ receiver }: Place): readonly { readonly at: EpochMs; readonly text: string }[] {
  return 'posts' in receiver ? (receiver.posts as readonly { at: EpochMs; text: string }[]) : [];
}

function takenBodies({ receiver }: Place): readonly string[] {
  if ('posts' in receiver) return (receiver.posts as readonly { text: string }[]).map(({ text }) => text);
  if ('events' in receiver)
    return (receiver.events as readonly { body: unknown }[]).map(({ body }) => JSON.stringify(body));
  return [];
}

export type EndState = 'open' | 'over' | 'either';

/** What a person would find at the end: calm for hours, so what is wrong is open and nothing else. */
export function endState(stage: AlertStage, key: string, host: string): EndState {
  const own = stage.wrongs.filter((wrong) => keyOf(wrong) === key);
  const now = stage.scenario.end;
  const open = own.find(({ until }) => until === undefined || until > now);
  if (open === undefined) return own.some(({ until }) => (until ?? now) > now - 2.5 * hourMs) ? 'either' : 'over';
  if (wasSilenced(stage, open) || !stoodFrom(stage, host, Math.max(stage.configs.at(-1)!.at, open.from)))
    return 'either';
  if (stage.configs.length > 1 && !stoodFrom(stage, host, stage.configs.at(-1)!.at)) return 'either';
  const needed = open.kind === 'cluster.stuck' ? 80 : 45;
  if (isAboveWrong(stage, open, now)) return 'either';
  return now - open.from > needed * minuteMs ? 'open' : 'either';
}

/** In a cluster in Error nothing is lowered: its pools are late, and that is true. */
export function isClusterWrong({ wrongs, scenario }: AlertStage, clusterId: string | undefined): boolean {
  return wrongs.some((one) => one.clusterId === clusterId && (one.until ?? scenario.end) > scenario.end - 2.5 * hourMs);
}

/** Does the place still belong to a destination at the end, or was it owed its ends until then? */
export function isOwed(stage: AlertStage, host: string): boolean {
  const names = new Set(
    stage.configs.flatMap(({ hosts }) => [...hosts].flatMap(([name, at]) => (at === host ? [name] : []))),
  );
  const first = stage.configs.findIndex(({ hosts }) => [...hosts.values()].includes(host));
  return (
    first !== -1 && stage.configs.slice(first).every(({ hosts }) => [...hosts.keys()].some((name) => names.has(name)))
  );
}

function judgePager(stage: AlertStage, place: Place, parked: readonly string[]): void {
  if (!isOwed(stage, place.host) || stage.wipedAt !== undefined) return;
  const { alerts } = place.receiver as unknown as { alerts: ReadonlyMap<string, Alert> };
  const open = [...alerts.values()].filter(({ status }) => status === 'triggered');
  const isExcused = (key: string) => [...place.lost, ...parked].some((body) => body.includes(key));
  for (const { key, summary } of open) {
    const own = key.slice(0, 64);
    const isLadder = summary.includes('upport for Kubernetes');
    if (endState(stage, own, place.host) === 'over' && !isExcused(own) && !isLadder)
      stage.violate('left open', `${place.host} still shows ${summary} (${key.slice(0, 8)})`);
  }
  for (const key of new Set(stage.wrongs.filter(({ kind }) => kind !== 'cluster.stuck').map(keyOf))) {
    const count = open.filter((one) => one.key.startsWith(key)).length;
    if (count === 1 || isExcused(key)) continue;
    if (endState(stage, key, place.host) === 'open' && stoodFrom(stage, place.host, stage.configs.at(-1)!.at)) {
      stage.violate(
        'not open',
        `${place.host} shows ${count} alerts of ${JSON.stringify(stage.wrongs.findLast((wrong) => keyOf(wrong) === key))}`,
      );
    }
  }
}

function judgeAlertmanager(stage: AlertStage, place: Place): void {
  const { activeAt } = place.receiver as unknown as { activeAt: (at: EpochMs) => readonly PushedAlert[] };
  const active = activeAt(stage.scenario.end).map(({ labels }) => labels);
  const isOf =
    ({ kind, clusterId, pool }: Wrong) =>
    (labels: PushedAlert['labels']) =>
      labels.alertname === kind &&
      labels.cluster_id === clusterId &&
      (pool === undefined || Object.values(labels).includes(pool));
  for (const labels of active) {
    const mine = stage.wrongs.filter((wrong) => isOf(wrong)(labels));
    if (
      mine.some((wrong) => endState(stage, keyOf(wrong), place.host) !== 'over') ||
      labels.alertname === 'version.eol'
    )
      continue;
    if (labels.alertname?.startsWith('pool.') && isClusterWrong(stage, labels.cluster_id)) continue;
    stage.violate('left open', `Alertmanager still shows ${JSON.stringify(labels)}`);
  }
  for (const wrong of stage.wrongs) {
    if (endState(stage, keyOf(wrong), place.host) === 'open' && !active.some(isOf(wrong)))
      stage.violate('not open', `Alertmanager does not show ${wrong.kind} of ${wrong.cluster}`);
  }
}

const said =
  /(Resolved|CRITICAL|WARNING|Still critical|Still warning|CRITICAL, news|WARNING, news): (Cluster|Node pool) (\w+(?:[\\]*\/\w+)?) (is [^:]*rror|has been Upgrading)/g;

/** The last word on each subject must be the right one; and a storm is a few messages. */
function judgeChat(stage: AlertStage, place: Place, parked: readonly string[]): void {
  const posts = (place.receiver as unknown as { posts: readonly { text: string; at: EpochMs }[] }).posts;
  judgeStorm(stage, place, posts);
  if (!isOwed(stage, place.host) || stage.wipedAt !== undefined || place.lost.length > 0) return;
  const last = new Map<string, string>();
  for (const { text } of posts) {
    for (const [, status = '', , subject = '', what = ''] of text.matchAll(said))
      last.set(`${subject} ${what.includes('rror') ? 'error' : 'stuck'}`, status);
  }
  for (const [about, status] of last) {
    const [subject = '', what] = about.split(' ');
    const [cluster, pool] = subject.split('/');
    const own = stage.wrongs.filter(
      (one) => one.cluster === cluster && one.pool === pool && one.kind.endsWith(what ?? ''),
    );
    if (parked.some((text) => text.includes(`"${cluster}"`))) continue;
    const states = new Set(own.map((wrong) => endState(stage, keyOf(wrong), place.host)));
    if (status === 'Resolved' ? states.has('open') : states.size === 1 && states.has('over')) {
      stage.violate('last word', `${place.host} says "${status}" of ${about}, which is ${[...states].join(' and ')}`);
    }
  }
}

function judgeStorm(
  { stormAt, violate, configs }: AlertStage,
  { host }: Place,
  posts: readonly { text: string; at: EpochMs }[],
): void {
  if (stormAt === undefined || ![...configs.at(-1)!.hosts.values()].includes(host)) return;
  const during = posts.filter(({ at, text }) => at >= stormAt && at < stormAt + 40 * minuteMs && text.includes('many'));
  if (during.length > 4) violate('storm', `${host} got ${during.length} messages for 30 clusters that failed at once`);
}
