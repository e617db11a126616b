import { type Lease, longestAskMs, type Release } from '../../model/asks.ts';
import { longestName } from '../../model/cluster.ts';
import type { CompiledConfig, EventSourceConfig, Match, RegionConfig, Rule } from '../../model/config.ts';
import { escapeLiteral, matchesNames, matchesPool, type Names } from '../../model/match.ts';
import type { Size } from '../../model/size.ts';
import { dayMs, type EpochMs, iso, minuteMs } from '../../model/time.ts';
import { leaseCap } from '../scaling/wanted-size.ts';
import { type Declined, type EventAsk, type Hold, ignore, type Read, readText, refuse, show } from './reading.ts';

/** Clocks differ; five minutes is what Standard Webhooks allows too. */
const mostAheadMs = 5 * minuteMs;
/** A tombstone outlives every redelivery: SQS keeps a message for 14 days at most. */
export const rememberMs = 14 * dayMs;

/** DynamoDB takes 1,024 bytes for a sort key; ids are plain ASCII. */
const longestId = 1000;

export type IntakeContext = {
  readonly source: EventSourceConfig;
  readonly config: Pick<CompiledConfig, 'regions' | 'rules'>;
  readonly now: EpochMs;
};

/** The pool that an event asks for, and the first rule that matches it. */
export type Named = { readonly kind: 'named'; readonly names: Names; readonly rule: Rule };

/** The ask to store. `notes`: what was reduced, for the answer. */
export type Granted = {
  readonly kind: 'granted';
  readonly ask: Lease | Release;
  readonly names: Names;
  readonly notes: readonly string[];
};

/** An event names one pool, of the source's `may` list, that a rule covers. */
export function namePool(asked: EventAsk, { source, config }: IntakeContext): Named | Declined {
  const no = (reason: string) => refuse(reason, asked.eventId);
  const written = readPoolName(asked.pool);
  if ('problem' in written) return no(written.problem);
  const may = (names: Names) => source.may.some((match) => matchesPool(match, names));
  const found = findRegion(written.value, config.regions, may);
  if ('problem' in found) return no(found.problem);
  const names = found.value;
  const text = show(`${names.region}:${names.cluster}/${names.pool}`);
  if (!may(names)) return no(`pool ${text} is not in the source's may list`);
  // The pool's labels are unknown here: a rule with labels may match, which the scaling round decides.
  const rule = config.rules.find(({ match }) => matchesNames(match, names));
  if (rule === undefined) return no(`no rule of the config covers pool ${text}`);
  if (rule.schedule === undefined) return no(`pool ${text} is only watched: its rule says schedule: none`);
  return { kind: 'named', names, rule };
}

/**
 * An ask becomes a lease or a release if its times are valid. Sizes and durations above what source and rule allow are
 * reduced. `base` is the pool's base, if known.
 */
export function judgeAsk(
  asked: EventAsk,
  { names, rule }: Named,
  base: Size | undefined,
  context: IntakeContext,
): Granted | Declined {
  const { now, source } = context;
  if (asked.time > now + mostAheadMs) {
    return refuse(`time is ${iso(asked.time)}, more than 5 minutes ahead of this machine's clock`, asked.eventId);
  }
  const owner = { kind: 'event', source: source.name } as const;
  const ask = {
    schema: 1,
    id: leaseId(owner, names, asked.key),
    region: names.region,
    who: whoOf(owner),
    reason: asked.reason,
    askedAt: now,
    time: asked.time,
    ...(asked.eventId !== undefined && { events: [asked.eventId] }),
  } as const;
  if (ask.id.length > longestId)
    return refuse('the names of cluster, pool and lease are too long together', asked.eventId);
  if (asked.want.kind === 'release') {
    return { kind: 'granted', names, notes: [], ask: { ...ask, kind: 'release', until: now + rememberMs } };
  }
  const size = capSize(asked.want, source, rule, base);
  if ('problem' in size) return refuse(size.problem, asked.eventId);
  const end = cutEnd(asked, asked.want, source, rule);
  if ('problem' in end) return refuse(end.problem, asked.eventId);
  if (end.value <= now) return ignore(`the lease ended at ${iso(end.value)}, before the event came`, asked.eventId);
  const repeated = asked.want.isRepeated ? ({ isRepeated: true } as const) : {};
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
      problem: `the most nodes for this pool are not known: give rule ${show(rule.match.text)} leases.max or limits.max`,
    };
  }
  const most = Math.min(cap, source.most ?? cap);
  if (most < 1) return { problem: `rule ${show(rule.match.text)} allows no nodes: its largest size is ${most}` };
  if (want.atLeast <= most) return { value: want.atLeast, notes: [] };
  return { value: most, notes: [`${want.atLeast} nodes were asked for; this pool gets ${most} at most`] };
}

/** A lease lasts at most as long as the source's `longest` and the rule's `leases.longest` say. */
function cutEnd(asked: EventAsk, want: Hold, source: EventSourceConfig, rule: Rule): Cut {
  if (want.until <= asked.time) return { problem: `the lease ends at ${iso(want.until)}, before it begins` };
  if (want.until > want.from + longestAskMs) {
    return {
      problem: `the lease would end at ${iso(want.until)}, more than a year away: that is too long for a lease`,
    };
  }
  const longestMs = Math.min(rule.leases.longestMs, source.longestMs ?? rule.leases.longestMs);
  if (want.until - want.from <= longestMs) return { value: want.until, notes: [] };
  const end = want.from + longestMs;
  return { value: end, notes: [`the lease was shortened to the longest allowed: it ends at ${iso(end)}`] };
}

/** "cluster/pool" or "region:cluster/pool". Events name pools exactly: globs are only for people and the config. */
function readPoolName(text: string): Read<{ region: string | undefined; cluster: string; pool: string }> {
  if (/[*?[\]{}]/u.test(text))
    return { problem: `pool is ${show(text)}: an event names one pool exactly, without globs` };
  const [, region, cluster, pool] = /^(?:([^:/]+):)?([^/]+)\/([^/]+)$/u.exec(text) ?? [];
  if (cluster === undefined || pool === undefined) {
    return { problem: `pool is ${show(text)}: write cluster/pool or region:cluster/pool` };
  }
  for (const [name, value] of Object.entries({ cluster, pool })) {
    const read = readText(`the ${name}'s name`, value, longestName);
    if ('problem' in read) return read;
  }
  return { value: { region, cluster, pool } };
}

/**
 * A pool's region: as given; else the only one in which the source may raise pools of this name. If there are two, the
 * event is refused.
 */
function findRegion(
  named: { region: string | undefined; cluster: string; pool: string },
  regions: readonly RegionConfig[],
  may: (names: Names) => boolean,
): Read<Names> {
  const candidates = regions.map(({ name }) => name);
  if (named.region !== undefined) {
    if (candidates.includes(named.region)) return { value: { ...named, region: named.region } };
    return { problem: `region ${show(named.region)} is not in the config: its regions are ${candidates.join(', ')}` };
  }
  const [first, second] = candidates.filter((region) => may({ ...named, region }));
  const pool = `${named.cluster}/${named.pool}`;
  if (first === undefined) return { problem: `pool ${show(pool)} is not in the source's may list` };
  if (second === undefined) return { value: { ...named, region: first } };
  return { problem: `pool ${show(pool)} may be in more than one region: write ${first}:${pool} or ${second}:${pool}` };
}

/** A match that means exactly this pool. */
export function exactMatch(names: Names): Match {
  return {
    text: `${names.region}:${names.cluster}/${names.pool}`,
    region: escapeLiteral(names.region),
    cluster: escapeLiteral(names.cluster),
    pool: escapeLiteral(names.pool),
    exactPool: true,
  };
}

/** The owner of a lease: an event source, a person, or a link. An owner cannot change another owner's leases. */
export type Owner =
  | { readonly kind: 'event'; readonly source: string }
  | { readonly kind: 'person'; readonly who: string }
  /** A link in an announcement to this destination. */
  | { readonly kind: 'link'; readonly destination: string };

/** "event:<source>". */
function whoOf(owner: Extract<Owner, { readonly kind: 'event' }>): string {
  return `event:${owner.source}`;
}

/** The prefix of an owner's lease ids, in the partition of their region. */
export function ownerPrefix(owner: Owner): string {
  if (owner.kind === 'event') return `lease/${encode(whoOf(owner))}/`;
  return `lease/${encode(owner.kind === 'link' ? `link:${owner.destination}` : `person:${owner.who}`)}/`;
}

/** The prefix of all leases of one owner for one pool: `lease/<owner>/<cluster>/<pool>/`. */
export function poolLeasesPrefix(owner: Owner, names: Omit<Names, 'region'>): string {
  return `${ownerPrefix(owner)}${encode(names.cluster)}/${encode(names.pool)}/`;
}

/**
 * `lease/<owner>/<cluster>/<pool>/<caller's key>`, each part percent-encoded, so that different names never give the
 * same id.
 */
export function leaseId(owner: Owner, names: Omit<Names, 'region'>, key: string): string {
  return `${poolLeasesPrefix(owner, names)}${encode(key)}`;
}

/** A full group merges all new leases into this one. No caller's key has this encoding. */
export function mergedId(prefix: string): string {
  return `${prefix}=merged`;
}

function encode(part: string): string {
  return encodeURIComponent(part);
}
