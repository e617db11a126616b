import type { CompiledConfig } from '../../model/config.ts';
import { isRaise, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { isWindowOpen, silencedBy } from '../incidents/silence.ts';
import type { PoolWord, RehearsedAnnouncement, RehearsedWant } from '../rehearsal/rehearsal.ts';
import { observedNodes } from '../scaling/base.ts';
import type { AppliedRule } from '../scaling/rule-book.ts';
import { lastEdge } from '../schedule/timeline.ts';
import { changeKey, startOf, toldFrom } from './announcement.ts';
import { type BesideSchedule, endsBeside, makeReach } from './instants-ahead.ts';
import { nodesBy } from './look-ahead.ts';

/**
 * The same rule as in look-ahead.ts: for a raise ahead of time, the boundary it is for; otherwise the pool's last own
 * instant.
 */
export function wantsOf(
  from: Size,
  to: Size,
  upFor: EpochMs | undefined,
  { rule, timeline }: AppliedRule,
  given: Omit<BesideSchedule, 'rule'>,
  now: EpochMs,
): readonly RehearsedWant[] {
  if (rule.announce === undefined) return [];
  const beside = { ...given, rule };
  const { region, clusterId, cluster, poolId, pool } = beside.names;
  const ends = endsBeside(beside).filter((at) => at <= now);
  const last = Math.max(lastEdge(timeline, now) ?? Number.NEGATIVE_INFINITY, ...ends);
  const boundary = isRaise(from, to) && upFor !== undefined ? upFor : Number.isFinite(last) ? last : undefined;
  const nodes = observedNodes(beside.pool);
  const word = { region, clusterId, cluster, poolId, pool, from, to, nodes, by: nodesBy(nodes, to) };
  return [{ ...word, announce: rule.announce, boundary, at: now }];
}

type Coming = RehearsedWant & {
  readonly boundary: EpochMs;
  readonly begins: EpochMs;
  readonly destination: string;
};

/**
 * The messages that a rehearsal's rounds would send: one per destination and boundary, sent by the first round in which
 * it is due. In a rehearsal everything happens as announced, so nothing is taken back.
 */
export function announcementsIn(
  wants: readonly RehearsedWant[],
  { config, from }: { readonly config: CompiledConfig; readonly from: EpochMs },
): readonly RehearsedAnnouncement[] {
  const open = new Set(config.destinations.flatMap(({ name, retired }) => (retired ? [] : [name])));
  const coming = firstOf(wants).flatMap((want) => comingOf(want, from, open));
  const groups = Map.groupBy(coming, ({ boundary, destination }) => `${boundary} ${destination}`);
  const said = [...groups.values()].flatMap((group) => messagesOf(group, config, from));
  return said.toSorted((a, b) => a.at - b.at || a.boundary - b.boundary);
}

/** A pool's change at a boundary is announced once, as first seen. */
function firstOf(wants: readonly RehearsedWant[]): readonly RehearsedWant[] {
  const known = new Set<string>();
  return wants.filter((want) => {
    const key = changeKey(want, want.boundary ?? want.at);
    return known.has(key) ? false : known.add(key);
  });
}

function comingOf(want: RehearsedWant, from: EpochMs, open: ReadonlySet<string>): readonly Coming[] {
  const { announce, boundary, by, at } = want;
  if (boundary === undefined || by === 0 || (by > 0 && !announce.raises)) return [];
  const begins = by < 0 ? boundary : at;
  if (begins <= from) return [];
  return announce.to
    .filter((name) => open.has(name))
    .map((destination) => ({ ...want, boundary, begins, destination }));
}

/** The first message holds everything known by then. Changes that become known later are added. */
function messagesOf(group: readonly Coming[], config: CompiledConfig, from: EpochMs): readonly RehearsedAnnouncement[] {
  const reach = makeReach(config);
  const roundFrom = (at: EpochMs) => from + config.everyMs * Math.max(0, Math.ceil((at - from) / config.everyMs));
  const seenAt = (one: Coming) => roundFrom(one.begins - reach.of(one));
  const first = Math.min(
    ...group.map((one) => roundFrom(toldFrom(startOf(one), one.announce.beforeMs, config.everyMs))),
  );
  const byTime = Map.groupBy(group, (one) => Math.max(first, seenAt(one)));
  const times = [...byTime].filter(([at]) => group.some(({ boundary }) => at < boundary)).toSorted(([a], [b]) => a - b);
  const words = times.flatMap(([at, some]) => {
    const told = some.filter((one) => one.begins > at && !isSilenced(one, config, at));
    return told.length === 0 ? [] : [{ at, told }];
  });
  return words.map(({ at, told }, i) => {
    const { boundary, destination } = told[0] as Coming;
    return { at, boundary, destination, isAddition: i > 0, pools: told.map(wordOf) };
  });
}

/** Only silences of the config count: those of the command line may be over by then. */
function isSilenced(one: Coming, { silences }: CompiledConfig, at: EpochMs): boolean {
  const { region, clusterId, cluster, poolId, pool } = one;
  const subject = { kind: 'pool', region, clusterId, cluster, poolId, pool } as const;
  const about = { kind: 'announcement', subject, key: '', episode: one.boundary } as const;
  return silencedBy({ configured: silences, asked: [], isWindowOpen }, about, at) !== undefined;
}

function wordOf(one: Coming): PoolWord {
  const { region, clusterId, cluster, poolId, pool, from, to, nodes, by } = one;
  return { region, clusterId, cluster, poolId, pool, from, to, nodes, by };
}
