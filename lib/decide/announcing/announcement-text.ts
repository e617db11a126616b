import { poolKey } from '../../model/cluster.ts';
import { describeSize, type Size } from '../../model/size.ts';
import { compareText, counted, listed } from '../../model/text.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { clockOf } from '../../model/wall-clock.ts';
import type { PoolWord } from '../rehearsal/rehearsal.ts';
import { timeIn } from '../schedule/local-time.ts';

/** How a reader of these messages names pools and tells times. */
export type Telling = { readonly now: EpochMs; readonly zone: string; readonly hasSeveralRegions: boolean };

/** "At 19:00, in 30 minutes: 9 pools go down by 41 nodes (dev-api/workers 4 → 0, …)". */
export function announcementText(pools: readonly PoolWord[], at: EpochMs, telling: Telling): string {
  const [first, ...more] = clausesOf(pools, telling);
  const when = `At ${clockIn(at, telling)}, ${inMinutes(at - telling.now)}`;
  return [`${when}: ${first ?? ''}`, ...more].join('; ');
}

export type Change = {
  readonly pool: PoolWord;
  /** `late`: it has not happened, and still may. */
  readonly how: 'done' | 'changed' | 'late';
  readonly why: string;
  /** The size it changes to instead, in the same direction. */
  readonly instead?: Size;
};

export type Correction = {
  readonly at: EpochMs;
  /** Changes that no longer hold as announced. */
  readonly gone: readonly Change[];
  /** Changes that became known only now. */
  readonly added: readonly PoolWord[];
  /** Changes that still hold. */
  readonly rest: readonly PoolWord[];
};

/** What no longer holds, and why; what is new; what still holds. */
export function correctionText({ at, gone, added, rest }: Correction, telling: Telling): string {
  const isPast = at <= telling.now;
  const again = new Set(added.map(poolKey));
  const groups = Map.groupBy(
    gone.filter(({ pool }) => !again.has(poolKey(pool))),
    ({ how, why, pool, instead }) => `${how} ${Math.sign(pool.by)} ${describeSize(instead)} ${plainly(why)}`,
  );
  const changed = [...groups.values()].map((some) => goneText(some, isPast, telling));
  const news = clausesOf(added, telling).map((clause) => `${gone.length === 0 ? 'also ' : 'now '}${clause}`);
  const still = clausesOf(rest, telling).map((clause) => `as announced, ${clause}`);
  const when = isPast ? `Not as announced for ${clockIn(at, telling)}` : `Changed, for ${clockIn(at, telling)}`;
  return `${when}: ${[...changed, ...news, ...(isPast ? [] : still)].join('; ')}`;
}

function goneText(gone: readonly Change[], isPast: boolean, telling: Telling): string {
  const way = (gone[0]?.pool.by ?? 0) < 0 ? 'down' : 'up';
  const { how, instead } = gone[0] as Change;
  const [one, many] = how === 'late' ? ['has not gone', 'have not gone'] : ['does not go', 'do not go'];
  const verb = isPast && how !== 'late' ? 'did not go' : gone.length === 1 ? one : many;
  const names = namesOf(
    gone.map(({ pool }) => pool),
    (pool) => labelOf(pool, telling),
  );
  const who = gone.length === 1 ? names : `${counted(gone.length, 'pool')} (${names})`;
  const what =
    instead === undefined
      ? `${verb} ${way}${how === 'late' ? ' yet' : ''}`
      : `${gone.length === 1 ? 'goes' : 'go'} to ${describeSize(instead)} instead`;
  return `${who} ${what}: ${plainly(gone[0]?.why ?? '')}`;
}

/** Leases for different node counts share one reason in the text. */
function plainly(why: string): string {
  return why
    .replace(/^lease of (a link in \S+): at least \d+ until/u, 'kept up by $1 until')
    .replace(/^(lease of [^:]+): at least \d+ until/u, '$1 until');
}

/** Lowers first, then raises. */
function clausesOf(pools: readonly PoolWord[], telling: Telling): readonly string[] {
  const [down, up] = [pools.filter(({ by }) => by < 0), pools.filter(({ by }) => by > 0)];
  return [...clauseOf(down, 'down', telling), ...clauseOf(up, 'up', telling)];
}

function clauseOf(pools: readonly PoolWord[], way: 'down' | 'up', telling: Telling): readonly string[] {
  if (pools.length === 0) return [];
  const nodes = pools.reduce((sum, { by }) => sum + Math.abs(by), 0);
  const names = namesOf(pools, (pool) => `${labelOf(pool, telling)} ${sizesOf(pool)}`);
  const verb = pools.length === 1 ? 'goes' : 'go';
  return [`${counted(pools.length, 'pool')} ${verb} ${way} by ${counted(nodes, 'node')} (${names})`];
}

const mostNamed = 4;

/** The largest first. */
function namesOf(pools: readonly PoolWord[], tell: (pool: PoolWord) => string): string {
  const sorted = pools.toSorted((a, b) => Math.abs(b.by) - Math.abs(a.by) || compareText(tell(a), tell(b)));
  return listed(sorted.map(tell), mostNamed);
}

export function labelOf({ region, cluster, pool }: PoolWord, { hasSeveralRegions }: Telling): string {
  return `${hasSeveralRegions ? `${region}:` : ''}${cluster}/${pool}`;
}

/** "4 → 0". Bounds do not show the number of nodes, so it is added: "1..4 (3 nodes) → 0..1". */
export function sizesOf({ from, to, nodes }: Pick<PoolWord, 'from' | 'to' | 'nodes'>): string {
  const beside = typeof from === 'object' ? ` (${counted(nodes, 'node')})` : '';
  return `${describeSize(from)}${beside} → ${describeSize(to)}`;
}

/** Up to two hours in minutes; "in 24 hours and 5 minutes". */
function inMinutes(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / minuteMs));
  if (minutes <= 120) return `in ${counted(minutes, 'minute')}`;
  const rest = minutes % 60;
  return `in ${counted(Math.floor(minutes / 60), 'hour')}${rest === 0 ? '' : ` and ${counted(rest, 'minute')}`}`;
}

/** "19:00", "Tue 00:30" on another day, "02:30 CEST" on a night with two of them, "18:00 UTC" if no zone is known. */
function clockIn(at: EpochMs, { zone, now }: Pick<Telling, 'zone' | 'now'>): string {
  const [then, today] = [clockOf(at, zone), clockOf(now, zone)];
  const day = then.date === today.date ? '' : `${then.weekday} `;
  return `${day}${timeIn(at, zone)}${zone === 'UTC' ? ' UTC' : ''}`;
}
