import type { App } from '../../app.ts';
import { givenBase, observedSize } from '../../decide/scaling/base.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import { UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import { storeUninstalled, undoUninstalled } from '../../jobs/records/cluster-records.ts';
import { poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { describeSize, isRaise, type Size } from '../../model/size.ts';
import { commandHint, counted } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { asPerson, keepDeed } from '../asks/deeds.ts';
import { readConfig, withStore } from '../config-and-store.ts';
import type { AskOptions } from '../options.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { openApp } from '../run/process-parts.ts';
import { localInstant, localInstants, readingZone, roughly } from '../text/instant.ts';
import { type PoolLabel, poolLabels } from '../text/labels.ts';
import { makePaint } from '../text/paint.ts';
import { writeJson } from '../text/table.ts';
import { type AwayPool, listAway, type Restored, restorePools } from './restore-pools.ts';

export type UninstallOptions = AskOptions & {
  readonly yes?: true;
  readonly dryRun?: true;
  readonly undo?: true;
  readonly wait: number;
};

/** Asks before anything is changed; false = nobody agreed. */
export type Confirm = (question: string) => Promise<boolean>;

/**
 * Gives every pool its base back and stops acting. The mark in the store comes first: from then on every process and
 * function on it gives back as well, so that nobody puts a pool to sleep again behind this command's back.
 */
export async function uninstall(given: CliParts, options: UninstallOptions, confirm: Confirm): Promise<void> {
  const config = await readConfig(given, options.config);
  const parts = options.dryRun ? given : await asPerson(given, config);
  const label = poolLabels(config);
  await withStore(parts, config, async (store) => {
    if (options.undo) return undo(parts, options, store, config);
    const { away } = await listAway(store, regionsOf(config));
    const { app } = await openApp({ ...parts, log: makeCliLog(parts, 'error') }, config, store);
    const known = new Set(away.map(poolKey));
    const below = await poolsBelowBase(app, config, known, parts.clock.now());
    if (options.dryRun) return describePlan(parts, options, { away, below }, label);
    if (!options.yes) await agree(parts, away, confirm);
    const { now } = parts.clock;
    const mark = await storeUninstalled(store, { at: now(), who: parts.who, reason: options.reason });
    await keepDeed(parts, store, config, { verb: 'uninstall', what: 'the whole fleet', reason: options.reason });
    const progress = options.json ? parts.stderr : parts.stdout;
    const zone = readingZone(config, parts);
    const tell = (line: string) => progress.write(`${printable(localInstants(line, zone, now()))}\n`);
    tell(`marked as uninstalled on ${localInstant(mark.at, zone)} by ${mark.who}: no pool is scaled down any more`);
    const { clock, signal } = parts;
    const restored = await restorePools({
      app,
      store,
      config,
      clock,
      signal,
      tell,
      since: mark.at,
      limitMs: options.wait,
    });
    report({ ...parts, zone }, options, { away, below }, restored, label);
  });
}

function regionsOf({ regions }: CompiledConfig): readonly string[] {
  return regions.map(({ name }) => name);
}

async function agree({ isInteractive }: CliParts, away: readonly AwayPool[], confirm: Confirm): Promise<void> {
  if (!isInteractive) throw new UsageError('This is not a terminal: add --yes, or look first with --dry-run');
  const owed = away.filter(({ isLeft, base }) => !isLeft && base !== undefined).length;
  const question = `Restore ${owed} ${owed === 1 ? 'pool to its base' : 'pools to their bases'} and stop scaling this fleet?`;
  if (!(await confirm(question))) throw new UsageError('Nothing was changed');
}

async function undo(
  parts: CliParts,
  { json, reason }: UninstallOptions,
  store: Store,
  config: CompiledConfig,
): Promise<void> {
  const isUndone = await undoUninstalled(store, parts.clock.now(), parts.who);
  if (isUndone) await keepDeed(parts, store, config, { verb: 'uninstall --undo', what: 'the whole fleet', reason });
  if (json) return writeJson(parts.stdout, { uninstalled: false, changed: isUndone });
  parts.stdout.write(
    isUndone
      ? `The config is in force again from the next round on. Its first scale-downs may wait for: ${commandHint(config, 'approve')}\n`
      : 'This fleet is not uninstalled: there is nothing to undo.\n',
  );
}

type Before = { readonly away: readonly AwayPool[]; readonly below: readonly PoolBelowBase[] };

function describePlan(
  { stdout }: CliParts,
  { json }: UninstallOptions,
  { away, below }: Before,
  label: PoolLabel,
): void {
  if (json) return writeJson(stdout, { away: away.map(awayJson), belowBase: below });
  for (const pool of away) stdout.write(`${label(pool)}  ${planOf(pool)}\n`);
  for (const pool of below) stdout.write(`${belowText(pool, label)}\n`);
  stdout.write(
    away.length === 0
      ? 'Every pool is at its base.\n'
      : `${counted(away.length, 'pool')} below base; nothing was changed (--dry-run)\n`,
  );
}

function planOf({ isLeft, base }: AwayPool): string {
  if (isLeft) return 'stays as it is: its rule says onRemove: leave';
  return base === undefined
    ? 'its base is not known: set its size by hand'
    : `will be restored to its base: ${describeSize(base)}`;
}

function report(
  parts: CliParts,
  options: UninstallOptions,
  { away: before, below }: Before,
  given: Restored,
  label: PoolLabel,
): void {
  const missing = given.notRestored;
  const has = (list: readonly AwayPool[], pool: AwayPool) =>
    list.some(({ region, poolId }) => region === pool.region && poolId === pool.poolId);
  const still = missing.map(({ pool }) => pool);
  const done = before.filter((pool) => !pool.isLeft && !has(still, pool) && !has(given.gone, pool));
  const left = before.filter((pool) => pool.isLeft && !has(given.gone, pool));
  if (!given.isDone) parts.exitWith(1);
  if (options.json) {
    return writeJson(parts.stdout, {
      uninstalled: true,
      done: given.isDone,
      givenBack: done.map(awayJson),
      left: left.map(awayJson),
      gone: given.gone.map(awayJson),
      notGivenBack: missing.map(({ pool, reason }) => ({ ...awayJson(pool), reason })),
      belowBase: below,
    });
  }
  for (const pool of below) parts.stdout.write(`${belowText(pool, label)}\n`);
  writeText(parts, options, given, { done: done.length, left, label });
}

function writeText(
  { stdout, env, clock, zone }: CliParts,
  { wait, config }: UninstallOptions,
  given: Restored,
  { done, left, label }: { readonly done: number; readonly left: readonly AwayPool[]; readonly label: PoolLabel },
): void {
  const paint = makePaint(stdout, env);
  for (const pool of left) stdout.write(`${label(pool)}  left as it is (onRemove: leave)\n`);
  for (const { pool, reason } of given.notRestored) {
    const why = printable(localInstants(reason, zone, clock.now()));
    stdout.write(`${paint.red(`${label(pool)}  still below ${describeSize(pool.base)}: ${why}`)}\n`);
  }
  const pools = done === 1 ? '1 pool is at its base again' : `${done} pools are at their base again`;
  const undo = commandHint({ file: config }, 'uninstall --undo');
  const next = given.isDone
    ? 'Nothing acts on this fleet any more. Now stop the process, or run: npx serverless remove'
    : `${whyNotAll(given, wait)} What still runs goes on restoring pools. Run this again before you remove Lamplighter`;
  stdout.write(`${given.isDone ? paint.green(pools) : pools}\n${next}\nTo act on the fleet again: ${undo}\n`);
}

function whyNotAll({ end }: Restored, wait: number): string {
  switch (end) {
    case 'settled':
      return 'The rest must be done by hand.';
    case 'time':
      return `Not all pools were restored within ${roughly(wait)}.`;
    case 'stop':
      return 'Stopped before all pools were restored.';
  }
}

/** Nobody can tell whether Lamplighter or a person made it smaller: a person decides. */
function belowText(pool: PoolBelowBase, label: PoolLabel): string {
  const sizes = `is at ${describeSize(pool.seen)}, below the ${describeSize(pool.base)} of its rule`;
  return `${label(pool)}  ${sizes}, and the store does not know why: set it by hand if it should be at its base`;
}

function awayJson({ region, cluster, pool, base, isLeft }: AwayPool) {
  return { region, cluster, pool, base: base ?? null, leave: isLeft };
}

/** A pool below the base that its rule gives, of which the store does not know that it is away. */
type PoolBelowBase = {
  readonly region: string;
  readonly cluster: string;
  readonly pool: string;
  readonly seen: Size;
  readonly base: Size;
};

/**
 * What a store that was lost, or a person, left below its base: nobody can tell which, so it is said and not changed.
 * `away`: the keys of the pools that the store knows to be away. Only GETs; what cannot be read is left out.
 */
async function poolsBelowBase(
  app: App,
  config: CompiledConfig,
  away: ReadonlySet<string>,
  now: EpochMs,
): Promise<readonly PoolBelowBase[]> {
  const book = makeRuleBook(config, now);
  const found: PoolBelowBase[] = [];
  for (const { name: region } of config.regions) {
    const mks = app.mksOf(config)(region);
    const answer = await mks.listClusters();
    for (const { id, name: cluster } of answer.kind === 'ok' ? answer.value : []) {
      if (!book.mayAct({ region, cluster })) continue;
      const pools = await mks.listNodePools(id);
      for (const pool of pools.kind === 'ok' ? pools.value : []) {
        const rule = book.appliedRule({ region, cluster, pool: pool.name, labels: pool.labels })?.rule;
        if (
          rule === undefined ||
          rule.base === 'remembered' ||
          rule.onRemove === 'leave' ||
          away.has(poolKey({ region, clusterId: id, poolId: pool.id }))
        )
          continue;
        const base = givenBase(rule, pool.autoscale);
        const seen = observedSize(pool, undefined);
        if (base !== undefined && seen !== undefined && isRaise(seen, base))
          found.push({ region, cluster, pool: pool.name, seen, base });
      }
    }
  }
  return found;
}
