import { Argument, type Command } from 'commander';
import { commandHint } from '../../decide/command-hint.ts';
import type { CompiledConfig, Rule } from '../../decide/compiled-config.ts';
import { baseOf } from '../../decide/explain/explain-state.ts';
import type { EpochMs, Size } from '../../decide/model.ts';
import { forgetSizes } from '../../decide/scaling/refresh.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { asPoolSize, describeSize, equalSize, isZero } from '../../decide/scaling/size.ts';
import { nextChange, saysAt } from '../../decide/schedule/timeline.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import { baseJson, baseText } from '../base-view.ts';
import { changeMemories } from '../change-record.ts';
import type { CliParts } from '../cli-parts.ts';
import { findPool } from '../find-pool.ts';
import type { StoredPool } from '../known-pools.ts';
import {
  type ConfigOption,
  configOption,
  examples,
  type JsonOption,
  jsonOption,
  readSize,
  type ReasonOption,
  reasonOption,
} from '../options.ts';
import { poolLabels } from '../pool-label.ts';
import { readConfig } from '../read-config.ts';
import { recordDeed } from '../record-deed.ts';
import { readingZone } from '../reading-zone.ts';
import { localInstant, rfc3339 } from '../render/instant.ts';
import { writeJson } from '../render/json.ts';
import { withStore } from '../with-store.ts';

export type BaseOptions = ConfigOption & JsonOption & ReasonOption;
export type BaseVerb = 'set' | 'restore' | 'show';

export function addBase(program: Command, parts: CliParts): void {
  const command = program
    .command('base')
    .description("Show, set or restore what is remembered as a pool's base, its full size.")
    .argument('<cluster/pool>', 'one pool; region:cluster/pool where it matters')
    .addArgument(new Argument('<verb>', 'what to do').choices(['show', 'set', 'restore']))
    .addArgument(new Argument('[size]', 'for set: 3, or 1..4 for an autoscaled pool').argParser(readSize))
    .addOption(reasonOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .action((pool: string, verb: BaseVerb, size: Size | undefined, options: BaseOptions) =>
      base(parts, pool, verb, size, options),
    );
  examples(command, [
    ['lamplighter base ml/gpu show', 'the base, where it is from, and whether the pool is away from it'],
    ['lamplighter base dev-api/workers set 3', 'where it is unknown or wrong; the pool gets it at base time'],
    ['lamplighter base ml/gpu restore', 'forget a size set by hand and go back to what the schedule says'],
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

export async function base(
  parts: CliParts,
  text: string,
  verb: BaseVerb,
  size: Size | undefined,
  options: BaseOptions,
): Promise<void> {
  if ((verb === 'set') !== (size !== undefined))
    throw new UsageError(verb === 'set' ? 'set needs a size: 3, or 1..4' : `${verb} takes no size`);
  const config = await readConfig(parts, options.config);
  const now = parts.clock.now();
  const book = makeRuleBook(config, now);
  const told = await withStore(parts, config, async (store) => {
    const pool = await findPool(store, config, text);
    const basing = { parts, config, store, book, pool, now, reason: options.reason };
    const notes = verb === 'set' ? await setBase(basing, size!) : verb === 'restore' ? await restore(basing) : [];
    return { pool: await findPool(store, config, text), notes };
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
  if (isZero(own)) throw new UsageError(`0 is never a base of ${name}: with it the pool would never wake`);
  return own;
}

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
  if (kept === undefined && foreign === undefined) return ['nothing was changed: no size set by hand is kept'];
  await changeMemories(store, pool.region, pool.clusterId, (memory, poolId) => {
    if (poolId !== pool.poolId) return undefined;
    return { ...memory, kept: undefined, foreign: undefined, resetAt: now };
  });
  const what = kept
    ? `the size ${describeSize(kept.size)}, set by hand, was let go`
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
  await recordDeed(parts, store, pool, { code, from, to, what, reason }, config);
}

/** When the schedule brings the pool to its base. */
function whenNext({ book, pool, now, parts, config }: Basing): readonly string[] {
  const applied = book.appliedRule(pool);
  if (applied === undefined) return ['no rule acts on this pool'];
  if (saysAt(applied.timeline, now).includes('base')) return ['the schedule says base: the next round brings it there'];
  const next = nextChange(applied.timeline, now);
  const name = poolLabels(config)(pool);
  if (next === undefined) return ['the schedule never says base'];
  const forNow = commandHint(config, `scale "${name}" --exactly <size> --until ${rfc3339(next.at)}`);
  return [`the schedule says otherwise until ${localInstant(next.at, readingZone(config, parts))}; for now: ${forNow}`];
}
