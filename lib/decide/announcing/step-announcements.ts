import { poolKey } from '../../model/cluster.ts';
import type { AnnounceConfig } from '../../model/config.ts';
import { matchesPool } from '../../model/match.ts';
import { type EpochMs, isOverdue, iso, minuteMs } from '../../model/time.ts';
import type { Delivery } from '../incidents/delivery.ts';
import { type Silences, silencedBy } from '../incidents/silence.ts';
import type { RoundFindings } from '../watching/scale-findings.ts';
import { type AnnouncedPool, type Announcement, changeKey, lateAfterMs, startOf, toldFrom } from './announcement.ts';
import { deliveryOf, type MessageInput, tellingFor } from './announcement-message.ts';
import { announcementText, type Change, correctionText, type Telling } from './announcement-text.ts';
import type { Verdict } from './judge-announced.ts';
import type { ComingChange } from './look-ahead.ts';

export type AnnounceInput = MessageInput & {
  readonly known: readonly Announcement[];
  readonly rounds: readonly RoundFindings[];
  readonly silences: Silences;
  /** When the watch ran last; undefined = never. */
  readonly watchedAt: EpochMs | undefined;
};

/** An announcement as it is now, with its messages. Both are stored in one commit. */
export type AnnouncementChange = {
  readonly before: Announcement | undefined;
  readonly after: Announcement;
  readonly delivery: Delivery | undefined;
  /** What its destination can no longer be told, since the config does not have it any more. */
  readonly unsaid?: string;
};

/**
 * One message per destination and boundary, as soon as the first of its pools is due to be announced. One more whenever
 * the announced changes no longer hold. The same input gives the same messages, and sent ones are recorded, so nothing
 * is sent twice.
 */
export function stepAnnouncements(input: AnnounceInput): readonly AnnouncementChange[] {
  const groups = groupsOf(input);
  const open = input.known.filter(
    (one) => one.pools.some(({ ended }) => ended === undefined) || groups.has(keyOf(one)),
  );
  const keys = new Set([...groups.keys(), ...open.map(keyOf)]);
  return [...keys].sort().flatMap(
    (key) =>
      stepOne(
        input,
        groups.get(key),
        open.find((one) => keyOf(one) === key),
      ) ?? [],
  );
}

function keyOf({ boundary, destination }: Pick<Announcement, 'boundary' | 'destination'>): string {
  return `${boundary} ${destination}`;
}

type Due = { readonly change: ComingChange; readonly announce: AnnounceConfig };
type Group = { readonly boundary: EpochMs; readonly destination: string; readonly due: readonly Due[] };

/**
 * The changes that the last rounds expect, by boundary and destination. Rounds that are old, or ran with another
 * config, do not count.
 */
function groupsOf(input: AnnounceInput): ReadonlyMap<string, Group> {
  const { config, destinations } = input;
  const all = freshRounds(input).flatMap(({ coming = [] }) => coming);
  const told = all.flatMap((change): readonly (Due & { destination: string })[] => {
    const announce = config.rules.find(({ match }) => matchesPool(match, change))?.announce;
    if (announce === undefined || change.begins <= input.now) return [];
    return announce.to.flatMap((destination) =>
      destinations.has(destination) ? [{ change, announce, destination }] : [],
    );
  });
  return new Map(
    [...Map.groupBy(told, ({ change, destination }) => `${change.boundary} ${destination}`)].map(([key, due]) => {
      return [key, { boundary: due[0]?.change.boundary ?? 0, destination: due[0]?.destination ?? '', due }];
    }),
  );
}

function freshRounds({ rounds, config, now }: AnnounceInput): readonly RoundFindings[] {
  return rounds.filter(({ at, configHash }) => configHash === config.hash && !isOverdue(at, config.everyMs, now));
}

function stepOne(
  input: AnnounceInput,
  group: Group | undefined,
  before: Announcement | undefined,
): AnnouncementChange | undefined {
  if (before === undefined) return group && first(input, group);
  const gone = goneOf(input, before);
  const ended = new Map([...gone.done, ...gone.changed].map((change) => [poolKey(change.pool), change]));
  const standing = before.pools.filter((pool) => pool.ended === undefined && !ended.has(poolKey(pool)));
  const known = new Set(standing.map(poolKey));
  const added = (group?.due ?? [])
    .filter(({ change }) => !known.has(poolKey(change)))
    .map((due) => announced(input, due, before.sequence + 1));
  const isNews = gone.changed.length + added.filter(isTold).length > 0;
  if (!isNews && gone.done.length + added.length === 0) return undefined;
  const sequence = isNews ? before.sequence + 1 : before.sequence;
  const replaced = new Set(added.map(poolKey));
  const old = before.pools
    .filter((pool) => !replaced.has(poolKey(pool)))
    .map((pool) => endedAs(pool, ended.get(poolKey(pool)), gone, input.now));
  const after = { ...before, sequence, pools: [...old, ...added] };
  if (!isNews) return { before, after, delivery: undefined };
  const { boundary: at } = before;
  const text = (telling: Telling) =>
    correctionText({ at, gone: gone.changed, added: added.filter(isTold), rest: standing.filter(isTold) }, telling);
  const delivery = deliveryOf(input, after, text, [...standing, ...added].filter(isTold));
  return { before, after, delivery, ...(delivery === undefined && { unsaid: text(tellingFor(input, after)) }) };
}

function isTold({ said }: AnnouncedPool): boolean {
  return said > 0;
}

function endedAs(pool: AnnouncedPool, change: Change | undefined, { done }: Gone, at: EpochMs): AnnouncedPool {
  if (change === undefined) return pool;
  const how = done.includes(change) ? 'done' : change.how;
  return { ...pool, ended: { at, how, ...(change.why !== '' && { why: change.why }) } };
}

/** The first message of a boundary holds all its known changes. It is sent when the first of them is due. */
function first(input: AnnounceInput, group: Group): AnnouncementChange | undefined {
  const { now, config } = input;
  const isDue = group.due.some(
    ({ change, announce }) => toldFrom(startOf(change), announce.beforeMs, config.everyMs) <= now,
  );
  if (!isDue) return undefined;
  const pools = group.due.map((due) => announced(input, due, 1));
  const told = pools.filter(isTold);
  const { boundary, destination } = group;
  const after = { schema: 1, boundary, destination, sequence: told.length === 0 ? 0 : 1, saidAt: now, pools } as const;
  const text = (telling: Telling) => announcementText(told, boundary, telling);
  return { before: undefined, after, delivery: told.length === 0 ? undefined : deliveryOf(input, after, text, told) };
}

/** Silenced announcements are recorded too, so that `incidents --why` can name the silence. */
function announced(input: AnnounceInput, { change, announce }: Due, sequence: number): AnnouncedPool {
  const { now, silences, hash } = input;
  const starts = startOf(change);
  const { boundary, begins: _, from, to, nodes, by, news, ...names } = change;
  const { region, clusterId, cluster, poolId, pool, labels } = names;
  const subject = { kind: 'pool', region, clusterId, cluster, poolId, pool } as const;
  const key = hash(`announcement\n${boundary}\n${poolId}`);
  const silenced = silencedBy(silences, { kind: 'announcement', subject, key, episode: boundary }, now);
  const late =
    silenced ?? (starts - now < announce.beforeMs ? whyLate(input, news, starts - announce.beforeMs) : undefined);
  const id = { region, clusterId, cluster, poolId, pool, ...(labels && { labels }) };
  const common = { ...id, from, to, nodes, by, saidAt: now };
  return { ...common, said: silenced === undefined ? sequence : 0, ...(late !== undefined && { late }) };
}

function whyLate({ watchedAt, now, config }: AnnounceInput, news: string | undefined, dueAt: EpochMs): string {
  const told = `it was announced at ${iso(now)}`;
  if (news !== undefined) return `${told}: ${news}`;
  if (watchedAt === undefined || watchedAt < dueAt - config.everyMs - minuteMs)
    return `${told}: no round ran at the right time`;
  return `${told}: it was not known before`;
}

type Gone = { readonly done: readonly Change[]; readonly changed: readonly Change[] };

/** The outcome as the rounds report it; unknown if no round has reported one for long. */
function goneOf(input: AnnounceInput, { boundary, pools }: Announcement): Gone {
  const all = freshRounds(input).flatMap(({ verdicts = [] }) => verdicts);
  const verdicts = new Map(all.map((verdict) => [changeKey(verdict, verdict.boundary), verdict] as const));
  const done: Change[] = [];
  const changed: Change[] = [];
  for (const pool of pools.filter(({ ended }) => ended === undefined)) {
    const found = verdicts.get(changeKey(pool, boundary));
    const verdict = found?.saidAt === pool.saidAt ? found : unheardOf(pool, boundary, input);
    if (verdict !== undefined && verdict.how !== 'done' && isTold(pool)) changed.push({ pool, ...verdict });
    else if (verdict !== undefined) done.push({ pool, ...verdict });
  }
  return { done, changed };
}

/**
 * A round that sees the change under way still says so for some time (judge-announced.ts). Of a region that left the config no
 * round says anything; what was due before that may have happened.
 */
function unheardOf(
  { region }: AnnouncedPool,
  boundary: EpochMs,
  { now, config }: AnnounceInput,
): Pick<Verdict, 'how' | 'why' | 'instead'> | undefined {
  if (now < boundary && !config.regions.some(({ name }) => name === region))
    return { how: 'changed', why: 'its region is no longer in the config' };
  if (now - boundary < lateAfterMs + 2 * config.everyMs) return undefined;
  return { how: 'changed', why: 'no answer of the API has shown it since' };
}
