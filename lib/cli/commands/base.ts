import { Argument, type Command } from 'commander';
import { compileMatch } from '../../config/compile-match.ts';
import { awayOf } from '../../decide/explain/explain-state.ts';
import { baseOf } from '../../decide/scaling/base.ts';
import type { PoolMemory } from '../../decide/scaling/memory.ts';
import { forgetSizes } from '../../decide/scaling/refresh-memory.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { lookMs, nextChange, saysAt, type Timeline } from '../../decide/schedule/timeline.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import { findNearest } from '../../model/did-you-mean.ts';
import type { Names } from '../../model/match.ts';
import { isGlob } from '../../model/match.ts';
import { asPoolSize, describeSize, equalSize, isZero, type Size } from '../../model/size.ts';
import { commandHint } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { refuseUntouched } from '../asks/asked-match.ts';
import { changeMemories, recordAction } from '../asks/change-memory.ts';
import { asPerson, keepDeed } from '../asks/deeds.ts';
import { takeEffect } from '../asks/take-effect.ts';
import { readConfig, withStore } from '../config-and-store.ts';
import { type AskOptions, addAskOptions, examples, readSize } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isSamePool, listKnownPools, parsePool, type StoredPool, type WrittenPool } from '../pools.ts';
import { localInstant, readingZone, rfc3339 } from '../text/instant.ts';
import { poolLabels } from '../text/labels.ts';
import { writeJson } from '../text/table.ts';

type BaseOptions = AskOptions;
type BaseVerb = 'set' | 'restore' | 'show';

export function addBase(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('base')
      .description('Show or set the base of a pool (its full size), or forget a size that was set by hand.')
      .argument('<cluster/pool>', 'one pool; region:cluster/pool if several regions have it')
      .addArgument(new Argument('<verb>', 'what to do').choices(['show', 'set', 'restore']))
      .addArgument(new Argument('[size]', 'for set: 3, or 1..4 for an autoscaled pool').argParser(readSize)),
  ).action((pool: string, verb: BaseVerb, size: Size | undefined, options: BaseOptions) =>
    base(parts, pool, verb, size, options),
  );
  examples(command, [
    ['lamplighter base ml/gpu show', 'the base, where it is from, and whether the pool is below it'],
    [
      'lamplighter base dev-api/workers set 3',
      'when it is unknown or wrong; the pool gets it when the schedule says base',
    ],
    ['lamplighter base ml/gpu restore', 'forget a size set by hand and follow the schedule again'],
  ]);
}

type Basing = {
  readonly parts: CliParts;
  readonly config: CompiledConfig;
  readonly store: Store;
  readonly book: RuleBook;
  readonly pool: StoredPool;
  readonly now: EpochMs;
  readonly reason: string | undefined;
};

async function base(
  given: CliParts,
  text: string,
  verb: BaseVerb,
  size: Size | undefined,
  options: BaseOptions,
): Promise<void> {
  if ((verb === 'set') !== (size !== undefined))
    throw new UsageError(
      verb === 'set'
        ? 'Give set a size: 3, or 1..4 for an autoscaled pool'
        : `A size is only for set, not for ${verb}: leave it out`,
    );
  if (verb === 'show' && options.reason !== undefined)
    throw new UsageError('--reason is for set and restore: leave it out of show');
  const config = await readConfig(given, options.config);
  const parts = verb === 'show' ? given : await asPerson(given, config);
  const now = parts.clock.now();
  const book = makeRuleBook(config, now);
  const told = await withStore(parts, config, async (store) => {
    const pool = await findPool(store, config, text);
    const basing = { parts, config, store, book, pool, now, reason: options.reason };
    const notes = verb === 'set' ? await setBase(basing, size!) : verb === 'restore' ? await restore(basing) : [];
    const isIt = (one: Names) => isSamePool(one, pool);
    const isDone = verb !== 'show' && !notes.includes(nothingChanged);
    const comes = !isDone ? [] : await takeEffect(parts, config, store, isIt);
    return { pool: await findPool(store, config, text), notes: [...notes, ...comes] };
  });
  const rule = book.ruleOf(told.pool);
  if (options.json) writeJson(parts.stdout, { ...baseJson(told.pool, rule), notes: told.notes });
  else
    parts.stdout.write(
      `${[baseText(told.pool, rule, readingZone(config, parts), poolLabels(config)(told.pool)), ...told.notes].join('\n  ')}\n`,
    );
}

/** With the base in `away` the pool is brought to it when the schedule next says base, at once where it says so now. */
async function setBase(basing: Basing, size: Size): Promise<readonly string[]> {
  const { pool, store, now } = basing;
  const rule = basing.book.ruleOf(pool);
  const own = checkBase(rule, pool, size, poolLabels(basing.config)(pool));
  await changeMemories(store, pool.region, pool.clusterId, (memory, poolId) => {
    if (poolId !== pool.poolId) return undefined;
    const since = memory.away?.since ?? now;
    const ofItsKind = memory.became === undefined ? memory : forgetSizes(memory, memory.became);
    return { ...ofItsKind, base: own, away: { base: own, from: 'person', since }, resetAt: now };
  });
  const what = `the base was set to ${describeSize(own)}`;
  await tellHistory(basing, 'base-set', baseOf(rule, pool.memory), own, what);
  return [what, ...(equalSize(pool.memory.seen?.size, own) ? [] : whenNext(basing))];
}

/** 0 is never a base, and a rule's own base stands above a remembered one. The idle size is one only when somebody says so. */
function checkBase(rule: Rule | undefined, pool: StoredPool, size: Size, name: string): Size {
  if (rule?.schedule !== undefined && rule.base !== 'remembered') {
    const { file, line } = rule.position;
    throw new CommandError(`The base of ${name} is given by its rule (${file}:${line}): change it there`);
  }
  const autoscale = pool.memory.became ?? pool.memory.autoscale;
  const own = asPoolSize(size, autoscale);
  if (own === undefined) throw new UsageError(`${name} is not autoscaled: its base is a number, not bounds`);
  if (isZero(own)) throw new UsageError(`The base of ${name} cannot be 0: the pool would never be scaled up`);
  return own;
}

const nothingChanged = 'nothing was changed: no size was set by hand';

async function restore(basing: Basing): Promise<readonly string[]> {
  const { pool, store, now, book } = basing;
  const { kept, foreign, seen } = pool.memory;
  const rule = book.ruleOf(pool);
  const known = baseOf(rule, pool.memory);
  if (known === undefined) {
    const name = poolLabels(basing.config)(pool);
    const give = commandHint(basing.config, `base "${name}" set 3`);
    throw new CommandError(`The base of ${name} is unknown; give it one: ${give}`);
  }
  if (kept === undefined && foreign === undefined) return [nothingChanged];
  await changeMemories(store, pool.region, pool.clusterId, (memory, poolId) => {
    if (poolId !== pool.poolId) return undefined;
    return { ...memory, kept: undefined, foreign: undefined, resetAt: now };
  });
  const what = kept
    ? `the size ${describeSize(kept.size)}, set by hand, was forgotten`
    : 'the changes by somebody else are no longer counted';
  await tellHistory(basing, 'base-restore', kept?.size ?? seen?.size, known, what);
  return [what, ...whenNext(basing)];
}

async function tellHistory(
  { parts, store, pool, config, reason }: Basing,
  code: string,
  from: Size | undefined,
  to: Size,
  what: string,
): Promise<void> {
  await recordAction(parts, store, pool, { code, from, to, what, reason }, config);
  const name = poolLabels(config)(pool);
  await keepDeed(parts, store, config, { verb: code.replace('-', ' '), what: `${name}: ${what}`, reason });
}

/** When the schedule brings the pool to its base. */
function whenNext({ book, pool, now, parts, config }: Basing): readonly string[] {
  const applied = book.appliedRule(pool);
  if (applied === undefined) return ['no rule acts on this pool: nothing is changed'];
  if (saysAt(applied.timeline, now).includes('base')) return ['the schedule says base: the next round sets it'];
  const next = nextBase(applied.timeline, now);
  const name = poolLabels(config)(pool);
  if (next === undefined) return ['the schedule never says base'];
  const forNow = commandHint(config, `scale "${name}" --exactly <size> --until ${rfc3339(next.at)}`);
  return [`the schedule says otherwise until ${localInstant(next.at, readingZone(config, parts))}; for now: ${forNow}`];
}

/** The next instant at which it says base. */
function nextBase(timeline: Timeline, now: EpochMs): ReturnType<typeof nextChange> {
  let next = nextChange(timeline, now);
  while (next !== undefined && !next.says.includes('base')) {
    next = next.at < now + lookMs ? nextChange(timeline, next.at) : undefined;
  }
  return next;
}

/** What is remembered of a pool's base, for programs (docs/json.md). */
function baseJson(pool: StoredPool, rule: Rule | undefined): object {
  const { memory } = pool;
  const { seen, kept } = memory;
  const away = awayOf(memory);
  return {
    region: pool.region,
    cluster: pool.cluster,
    pool: pool.pool,
    base: baseOf(rule, memory) ?? null,
    from: originOf(memory, rule),
    away: away === undefined ? null : { base: away.base, from: away.from, since: rfc3339(away.since) },
    seen: seen?.size ?? null,
    kept: kept === undefined ? null : { size: kept.size, until: rfc3339(kept.until) },
  };
}

function originOf(memory: PoolMemory, rule: Rule | undefined): string | null {
  const { base, away } = memory;
  if (rule?.schedule !== undefined && rule.base !== 'remembered') return 'config';
  if (away !== undefined) return away.base === 'unknown' ? null : away.from;
  return base !== undefined ? 'remembered' : baseOf(rule, memory) === undefined ? null : 'observed';
}

/** The same for people, on one line that begins with the pool's name. */
function baseText(pool: StoredPool, rule: Rule | undefined, zone: string, name: string): string {
  const { seen } = pool.memory;
  const away = awayOf(pool.memory);
  const known = baseOf(rule, pool.memory);
  const from = originOf(pool.memory, rule);
  const isAway = away === undefined ? 'not below base' : `below base since ${localInstant(away.since, zone)}`;
  return `${name}  base ${describeSize(known)}${from === null ? '' : ` (${from})`}, last seen at ${describeSize(seen?.size)}, ${isAway}`;
}

/** The one pool of the store that a person named. Throws what is wrong with the name, and what is near it. */
async function findPool(store: Store, config: CompiledConfig, text: string): Promise<StoredPool> {
  const written = parsePool(text, config);
  const regions = config.regions.map(({ name }) => name).filter((name) => (written.region ?? name) === name);
  const known = await listKnownPools(store, regions);
  const found = known.filter(({ cluster, pool }) => cluster === written.cluster && pool === written.pool);
  const [first, second] = found;
  if (first === undefined) return refuseUnseen(known, config, text, written);
  if (second === undefined) return first;
  if (first.region === second.region)
    throw new CommandError(`"${text}" is the name of several pools, which are left alone: rename one`);
  throw new UsageError(
    `"${text}" exists in several regions: write ${found.map(({ region }) => `${region}:${text}`).join(' or ')}`,
  );
}

async function refuseUnseen(
  known: readonly StoredPool[],
  config: CompiledConfig,
  text: string,
  written: WrittenPool,
): Promise<never> {
  if (isGlob(written.cluster) || isGlob(written.pool))
    throw new UsageError(`"${text}" is a pattern: write the name of one pool`);
  const named = compileMatch(text);
  const names = namesOf(known, written);
  if (named.ok) await refuseUntouched(named.match, config, { names: async () => names });
  if (known.length === 0)
    throw new CommandError(`No round has seen pool "${text}" yet; run one first: ${commandHint(config, 'run --once')}`);
  const nearest = findNearest(text, names);
  const next = nearest === undefined ? `see: ${commandHint(config, 'status')}` : `did you mean "${nearest}"?`;
  throw new CommandError(`No round has seen a pool "${text}": ${next}`);
}

/** As the person writes them: with the region or without. */
function namesOf(known: readonly StoredPool[], { region: written }: WrittenPool): readonly string[] {
  return known.map(({ region, cluster, pool }) => `${written === undefined ? '' : `${region}:`}${cluster}/${pool}`);
}
