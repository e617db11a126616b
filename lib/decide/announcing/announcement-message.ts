import type { CompiledConfig } from '../../model/config.ts';
import { matchesPool } from '../../model/match.ts';
import { commandHint } from '../../model/text.ts';
import { type EpochMs, hourMs, iso } from '../../model/time.ts';
import { type Delivery, deliveryId, unsent } from '../incidents/delivery.ts';
import { type AnnouncedPool, type Announcement, messageKey } from './announcement.ts';
import { labelOf, sizesOf, type Telling } from './announcement-text.ts';
import { offerLinks } from './keep-link.ts';

/** What the message of an announcement depends on. */
export type MessageInput = {
  readonly now: EpochMs;
  readonly config: CompiledConfig;
  readonly hash: (text: string) => string;
  /** Ids of destinations, by name, without retired ones. */
  readonly destinations: ReadonlyMap<string, string>;
  /** With retired ones, which are only told what of their announcements no longer holds. */
  readonly everyDestination: ReadonlyMap<string, string>;
};

/** An announcement still unsent at its boundary is dropped. A message that takes one back is still sent. */
const correctionLastsMs = 6 * hourMs;

/** The message of an announcement; undefined if the config has its destination no more. */
export function deliveryOf(
  input: MessageInput,
  announcement: Announcement,
  text: (telling: Telling) => string,
  standing: readonly AnnouncedPool[],
): Delivery | undefined {
  const { now, config, hash } = input;
  const { boundary: at, destination, sequence } = announcement;
  const id = input.destinations.get(destination) ?? input.everyDestination.get(destination);
  if (id === undefined) return undefined;
  const telling = tellingFor(input, announcement);
  const links = at > now ? offerLinks(config, announcement, sequence, telling.zone, hash) : [];
  const key = messageKey(announcement, hash);
  const lane = { key, episode: at, sequence, destination: id, id: deliveryId(key, at, sequence, id, hash) };
  const facts = {
    what: 'notice',
    kind: 'announcement',
    subject: subjectOf(standing),
    severity: 'info',
    worst: 'info',
    text: text(telling),
    fix: at <= now ? undefined : links.length > 0 ? keepFix : commandFor(config, standing, at),
    did: undefined,
    since: at,
    until: undefined,
    cause: undefined,
    facts: factsOf(standing, telling),
    at: now,
    staleAt: sequence === 1 ? at : at + correctionLastsMs,
    ...(sequence > 1 && { corrects: { saidAt: announcement.saidAt, ...newsIn(announcement, standing, now) } }),
    ...(links.length > 0 && { links }),
  } as const;
  return { schema: 1, ...lane, facts, queuedAt: now, ...unsent };
}

/** A late message would tell of changes that are under way; what became known after its boundary begins later. */
function newsIn(
  { boundary, sequence }: Announcement,
  standing: readonly AnnouncedPool[],
  now: EpochMs,
): { readonly newsUntil?: EpochMs } {
  if (now < boundary) return standing.length === 0 ? {} : { newsUntil: boundary };
  return standing.some(({ said }) => said === sequence) ? { newsUntil: boundary + correctionLastsMs } : {};
}

/** How times and pools are written for its destination. */
export function tellingFor({ config, now }: MessageInput, { destination }: Announcement): Telling {
  const zone = config.destinations.find(({ name }) => name === destination)?.zone ?? 'UTC';
  return { now, zone, hasSeveralRegions: config.regions.length > 1 };
}

const keepFix = 'to keep them up longer, open one of the links; a page asks you to confirm';

function subjectOf(pools: readonly AnnouncedPool[]): Delivery['facts']['subject'] {
  const [only, ...others] = pools;
  if (only === undefined || others.length > 0) return { kind: 'fleet' };
  const { region, clusterId, cluster, poolId, pool } = only;
  return { kind: 'pool', region, clusterId, cluster, poolId, pool };
}

const mostListed = 20;

/** The pools by name for people, and the sums for programs. */
function factsOf(pools: readonly AnnouncedPool[], telling: Telling): { readonly [name: string]: string | number } {
  const nodes = pools.reduce((sum, { by }) => sum + by, 0);
  const listed = pools.length > 1 ? pools.slice(0, mostListed) : [];
  const sizes = Object.fromEntries(listed.map((pool) => [labelOf(pool, telling), sizesOf(pool)]));
  return pools.length === 0 ? {} : { pools: pools.length, nodes, ...sizes };
}

/** The command that keeps the pools as they are, for messages without a link. */
function commandFor(config: CompiledConfig, pools: readonly AnnouncedPool[], at: EpochMs): string | undefined {
  const down = pools.filter(({ by }) => by < 0);
  const [only, ...others] = down;
  if (only === undefined) return undefined;
  const until = iso(at + 2 * hourMs);
  if (others.length === 0) {
    const name =
      config.regions.length > 1 ? `${only.region}:${only.cluster}/${only.pool}` : `${only.cluster}/${only.pool}`;
    return `to keep it up, run: ${commandHint(config, `scale "${name}" --at-least ${only.nodes} --until ${until}`)}`;
  }
  const matches = [...new Set(down.map((pool) => matchOf(config, pool)))];
  const commands = matches.map((match) => commandHint(config, `pause "${match}" --until ${until}`));
  const more = commands.length > 3 ? ` (and ${commands.length - 3} more)` : '';
  return `to keep them as they are, run: ${commands.slice(0, 3).join(', and: ')}${more}`;
}

/** The match of its rule, unless that also covers pools of other rules: commands cannot ask for labels. */
function matchOf({ rules, regions }: CompiledConfig, pool: AnnouncedPool): string {
  const own = rules.find(({ match }) => matchesPool(match, pool))?.match;
  if (own !== undefined && pool.labels === undefined) return own.text;
  const name = `${pool.cluster}/${pool.pool}`;
  return regions.length > 1 ? `${pool.region}:${name}` : name;
}
