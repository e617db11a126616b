import { poolKey } from '../../model/cluster.ts';
import type { CompiledConfig, LinkChoice, LinksConfig } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import { isRaise, saysLeave } from '../../model/size.ts';
import { counted } from '../../model/text.ts';
import { dayMs, type EpochMs, hourMs, minuteMs } from '../../model/time.ts';
import { makeRuleBook, type RuleBook } from '../scaling/rule-book.ts';
import { resolveSays } from '../scaling/scheduled-size.ts';
import { boundaryOf, dayIn, offsetsAround } from '../schedule/local-time.ts';
import { nextChange } from '../schedule/timeline.ts';
import type { AnnouncedPool, Announcement } from './announcement.ts';

/**
 * What a link in an announcement asks for. It names its message and a digest of that message's pools, so a signature
 * for some pools is not valid for others.
 */
export type KeepLink = {
  readonly boundary: EpochMs;
  readonly sequence: number;
  readonly until: EpochMs;
  readonly digest: string;
  /** The destination's name. */
  readonly destination: string;
};

/** What a link keeps, as shown to people before and after they use it. */
export type Keeping =
  | { readonly kind: 'gone'; readonly why: string }
  | {
      readonly kind: 'open' | 'kept';
      readonly boundary: EpochMs;
      readonly until: EpochMs;
      readonly destination: string;
      readonly pools: readonly KeptPool[];
    };

export type KeptPool = Names & {
  /** At least this many nodes; undefined = the pool cannot be kept, and `note` says why. */
  readonly atLeast: number | undefined;
  readonly until: EpochMs;
  readonly note?: string;
};

/** How long a link stays valid after its boundary. Somebody who comes late gets the nodes back. */
const goodForMs = 4 * hourMs;

export function isExpired({ boundary, until }: KeepLink, now: EpochMs): boolean {
  return now >= Math.min(until, boundary + goodForMs);
}

/** Letters, digits, dots and hyphens only, so that it needs no URL encoding. The signature follows the last dot. */
export function writeKeepLink({ boundary, sequence, until, digest, destination }: KeepLink): string {
  return ['1', boundary.toString(36), sequence.toString(36), until.toString(36), digest, destination].join('.');
}

export function readKeepLink(text: string): KeepLink | undefined {
  const [, ...parts] =
    /^1\.([\da-z]{1,10})\.([\da-z]{1,4})\.([\da-z]{1,10})\.([\da-f]{16})\.([\w.-]{1,63})$/u.exec(text) ?? [];
  const [boundary, sequence, until, digest, destination] = parts;
  if (boundary === undefined || sequence === undefined || until === undefined) return undefined;
  const number = (part: string) => Number.parseInt(part, 36);
  return {
    boundary: number(boundary),
    sequence: number(sequence),
    until: number(until),
    digest: digest ?? '',
    destination: destination ?? '',
  };
}

/** The pools that this message's links keep: all pools that it or an earlier message announced to go down. */
export function poolsOfLink({ pools }: Announcement, sequence: number): readonly AnnouncedPool[] {
  return pools.filter(({ by, said }) => by < 0 && said > 0 && said <= sequence);
}

export function digestOf(pools: readonly AnnouncedPool[], hash: (text: string) => string): string {
  const ids = pools.map((pool) => `${poolKey(pool)}\n${pool.nodes}`).sort();
  return hash(ids.join('\n\n')).slice(0, 16);
}

/**
 * A placeholder as long as a signature. Links are signed right before the message is sent, so no store holds a
 * signature.
 */
export const unsignedMark = 'x'.repeat(43);

export type OfferedLink = { readonly label: string; readonly url: string };

/** The links of a message, unsigned: one for each choice that ends at a different instant. */
export function offerLinks(
  config: CompiledConfig,
  announcement: Announcement,
  sequence: number,
  zone: string,
  hash: (text: string) => string,
): readonly OfferedLink[] {
  const { links } = config;
  const { boundary, destination } = announcement;
  const pools = poolsOfLink(announcement, sequence);
  const standing = pools.filter(({ ended }) => ended === undefined);
  if (links === undefined || standing.length === 0) return [];
  const book = makeRuleBook(config, boundary);
  const digest = digestOf(pools, hash);
  const seen = new Set<EpochMs>();
  return links.choices.flatMap((choice) => {
    const wanted = endOf(choice, boundary, zone, standing, book);
    const until = wanted === undefined ? undefined : Math.min(wanted, boundary + links.mostMs);
    if (until === undefined || until <= boundary || seen.has(until)) return [];
    seen.add(until);
    const link = writeKeepLink({ boundary, sequence, until, digest, destination });
    return [{ label: labelOf(choice, until === wanted, links), url: `${links.url}/keep/${link}.${unsignedMark}` }];
  });
}

function labelOf(choice: LinkChoice, isWhole: boolean, { mostMs }: LinksConfig): string {
  if (!isWhole) return `${durationText(mostMs)} more`;
  if (choice.kind === 'for') return `${durationText(choice.ms)} more`;
  return choice.kind === 'midnight' ? 'Until midnight' : 'All night';
}

function durationText(ms: number): string {
  return ms % hourMs === 0 ? counted(ms / hourMs, 'hour') : counted(Math.round(ms / minuteMs), 'minute');
}

function endOf(
  choice: LinkChoice,
  boundary: EpochMs,
  zone: string,
  pools: readonly AnnouncedPool[],
  book: RuleBook,
): EpochMs | undefined {
  if (choice.kind === 'for') return boundary + choice.ms;
  if (choice.kind === 'midnight') return midnightAfter(boundary, zone);
  const raises = pools.flatMap((pool) => nextRaise(pool, boundary, book) ?? []);
  return raises.length === 0 ? undefined : Math.max(...raises);
}

function midnightAfter(at: EpochMs, zone: string): EpochMs {
  const next = dayIn(zone, at) + 1;
  return boundaryOf(next, 0, offsetsAround(zone, next - 1, next + 1));
}

/**
 * When the schedule next asks for more than the pool is about to have, or for nothing (`leave` keeps the pool as it
 * is). Looks a week ahead at most.
 */
function nextRaise(pool: AnnouncedPool, boundary: EpochMs, book: RuleBook): EpochMs | undefined {
  const applied = book.appliedRule(pool);
  if (applied === undefined) return undefined;
  const { rule, timeline } = applied;
  const resolver = { rule, autoscale: typeof pool.from === 'object', base: pool.from };
  for (let next = nextChange(timeline, boundary); next !== undefined; next = nextChange(timeline, next.at)) {
    if (next.at > boundary + 7 * dayMs) return undefined;
    if (saysLeave(next.says)) return next.at;
    const { size } = resolveSays(next.says, resolver);
    if (size !== undefined && isRaise(pool.to, size)) return next.at;
  }
  return undefined;
}
