import type { Lease, Release } from '../asks.ts';
import type { CompiledConfig, EventSourceConfig, Rule } from '../compiled-config.ts';
import { matchesPool, type Names } from '../match.ts';
import type { EpochMs, Size } from '../model.ts';
import { leaseCap } from '../scaling/wanted.ts';
import { leaseId, type Owner, whoOf } from './ask-ids.ts';
import { exactMatch, findRegion, readPoolName } from './pool-name.ts';
import { type Declined, type Hold, ignore, refuse, type Wish } from './reading.ts';
import { show } from './read-values.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Clocks differ; five minutes is what Standard Webhooks allows too. */
export const mostAheadMs = 5 * minuteMs;
/** A tombstone outlives every redelivery: SQS keeps a message for 14 days at most. */
export const rememberMs = 14 * dayMs;
/** An end further away than this is a mistake, not a wish. */
const mostAskedMs = 366 * dayMs;

/** DynamoDB takes 1,024 bytes for a sort key; ids are plain ASCII. */
const longestId = 1000;

export type IntakeContext = {
  readonly source: EventSourceConfig;
  readonly config: Pick<CompiledConfig, 'regions' | 'rules'>;
  readonly now: EpochMs;
};

/** The pool a wish names, and its rule: the first one that matches, as for everything else. */
export type Named = { readonly kind: 'named'; readonly names: Names; readonly rule: Rule };

/** What may be stored. `notes`: what was cut down, for the answer. */
export type Granted = {
  readonly kind: 'granted';
  readonly ask: Lease | Release;
  readonly names: Names;
  readonly notes: readonly string[];
};

/** An event names one pool, of the source's `may` list, that a rule covers. */
export function namePool(wish: Wish, { source, config }: IntakeContext): Named | Declined {
  const no = (reason: string) => refuse(reason, wish.eventId);
  const written = readPoolName(wish.pool);
  if ('problem' in written) return no(written.problem);
  const may = (names: Names) => source.may.some((match) => matchesPool(match, names));
  const found = findRegion(written.value, config.regions, may);
  if ('problem' in found) return no(found.problem);
  const names = found.value;
  const text = show(`${names.region}:${names.cluster}/${names.pool}`);
  if (!may(names)) return no(`pool ${text} is not in the source's may list`);
  const rule = config.rules.find(({ match }) => matchesPool(match, names));
  if (rule === undefined) return no(`no rule of the config covers pool ${text}`);
  if (rule.schedule === undefined) return no(`pool ${text} is only watched: its rule says schedule: none`);
  return { kind: 'named', names, rule };
}

/**
 * A wish becomes a lease or a release when its times make sense; sizes above what the source and the rule allow, and
 * durations above the longest, are cut. `base` is the pool's base as far as it is known.
 */
export function judgeWish(
  wish: Wish,
  { names, rule }: Named,
  base: Size | undefined,
  context: IntakeContext,
): Granted | Declined {
  const { now, source } = context;
  if (wish.time > now + mostAheadMs) {
    return refuse(`time is ${showInstant(wish.time)}, more than 5 minutes ahead of this machine's clock`, wish.eventId);
  }
  const owner: Owner = { kind: 'event', source: source.name };
  const ask = {
    schema: 1,
    id: leaseId(owner, names, wish.key),
    region: names.region,
    who: whoOf(owner),
    reason: wish.reason,
    askedAt: now,
    time: wish.time,
    ...(wish.eventId !== undefined && { events: [wish.eventId] }),
  } as const;
  if (ask.id.length > longestId)
    return refuse('the names of cluster, pool and lease are too long together', wish.eventId);
  if (wish.want.kind === 'release') {
    return { kind: 'granted', names, notes: [], ask: { ...ask, kind: 'release', until: now + rememberMs } };
  }
  const size = capSize(wish.want, source, rule, base);
  if ('problem' in size) return refuse(size.problem, wish.eventId);
  const end = cutEnd(wish, wish.want, source, rule);
  if ('problem' in end) return refuse(end.problem, wish.eventId);
  if (end.value <= now)
    return ignore(`the lease ended at ${showInstant(end.value)}, before the event came`, wish.eventId);
  const repeated = wish.want.isRepeated ? ({ isRepeated: true } as const) : {};
  const held = { match: exactMatch(names), atLeast: size.value, until: end.value };
  const lease: Lease = { ...ask, kind: 'lease', ...held, ...repeated };
  return { kind: 'granted', names, notes: [...size.notes, ...end.notes], ask: lease };
}

type Cut = { readonly value: number; readonly notes: readonly string[] } | { readonly problem: string };

/** At most the source's `most`, and the rule's `leases.max`, else `limits.max`, else its base (a range's max). */
function capSize(want: Hold, source: EventSourceConfig, rule: Rule, base: Size | undefined): Cut {
  const cap = leaseCap(rule, rule.base === 'remembered' ? base : rule.base);
  if (cap === undefined) {
    return {
      problem: `how many nodes are too many is not known: give rule ${show(rule.match.text)} leases.max or limits.max`,
    };
  }
  const most = Math.min(cap, source.most ?? cap);
  if (most < 1) return { problem: `rule ${show(rule.match.text)} allows no nodes: its largest size is ${most}` };
  if (want.atLeast <= most) return { value: want.atLeast, notes: [] };
  return { value: most, notes: [`${want.atLeast} nodes were asked for, ${most} is the most this pool may get`] };
}

/** A lease lasts at most as long as the source's `longest` and the rule's `leases.longest` say. */
function cutEnd(wish: Wish, want: Hold, source: EventSourceConfig, rule: Rule): Cut {
  if (want.until <= wish.time) return { problem: `the lease ends at ${showInstant(want.until)}, before it begins` };
  if (want.until > want.from + mostAskedMs) {
    return {
      problem: `the lease would end at ${showInstant(want.until)}, more than a year away: a lease is for a while`,
    };
  }
  const longestMs = Math.min(rule.leases.longestMs, source.longestMs ?? rule.leases.longestMs);
  if (want.until - want.from <= longestMs) return { value: want.until, notes: [] };
  const end = want.from + longestMs;
  return { value: end, notes: [`the lease was cut to the longest that is allowed: it ends at ${showInstant(end)}`] };
}

function showInstant(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
