import { holdText } from '../../decide/explain/explain-pool.ts';
import { awayOf } from '../../decide/explain/explain-state.ts';
import type { Held } from '../../decide/scaling/memory.ts';
import type { Redactor } from '../../io/redact.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { describeSize, equalSize } from '../../model/size.ts';
import { commandHint, counted, withConfig } from '../../model/text.ts';
import { capitalised } from '../failure.ts';
import type { AnnouncedView } from '../outbox/announced-view.ts';
import { ago, clockNear, localInstant, localInstants, roughly } from '../text/instant.ts';
import { inRegion, onceInRegions, poolLabels, regionOf } from '../text/labels.ts';
import { colourOf, type Paint } from '../text/paint.ts';
import { renderTable } from '../text/table.ts';
import { uninstalledText } from '../uninstall/uninstalled-view.ts';
import type { FleetStatus, PoolStatus } from './fleet-status.ts';

export type Look = {
  readonly paint: Paint;
  readonly zone: string;
  readonly clean: Redactor['clean'];
  /** Only some pools were asked for. */
  readonly isPart: boolean;
};

/** The fleet for people: whether it is kept at all, a table of pools, what is asked for, what is wrong. */
export function statusText(status: FleetStatus, config: CompiledConfig, look: Look): string {
  const { paint, zone, isPart } = look;
  const { uninstalled } = status;
  const isLarge = !isPart && status.pools.length > mostPools;
  const sections = [
    uninstalled === undefined ? [] : [paint.yellow(uninstalledText(config, uninstalled, zone))],
    status.pools.length === 0 ? [] : isLarge ? ruleTable(status, config, look) : poolTable(status, config, look),
    onceInRegions(config, status.asks, (ask, where) => askLine(ask, where, zone)),
    status.announced.map((one) => announcedLine(one, zone)),
    status.findings.map(({ severity, kind, subject, text, fix }) => {
      const said = `${printable(text)}${fix === undefined ? '' : `. ${capitalised(withConfig(config, printable(fix)))}`}`;
      const head = `${colourOf(severity, paint)(severity)} ${kind}${inRegion(config, regionOf(subject))}`;
      return `${head}: ${localInstants(said, zone, status.at)}`;
    }),
    unreadRegions(status).map((region) =>
      paint.yellow(
        withConfig(
          config,
          `region ${region} could not be read in the last round, so what is shown is older; to see why, run: lamplighter doctor`,
        ),
      ),
    ),
    isPart && status.pools.length === 0 && status.rounds.length > 0 ? [noSuchPool(config)] : [],
    [summary(status, config)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** Silence would read as: all is well. A cluster that is only watched has no pool here either. */
function noSuchPool(config: CompiledConfig): string {
  return `no pool that a rule scales has this name; see: ${commandHint(config, 'clusters')}`;
}

function unreadRegions({ rounds }: FleetStatus): readonly string[] {
  return [...new Set(rounds.flatMap(({ region, isAnswered }) => (isAnswered ? [] : [region])))];
}

function poolTable(
  { pools, at }: FleetStatus,
  config: CompiledConfig,
  { paint, zone, clean }: Look,
): readonly string[] {
  const label = poolLabels(config);
  const rows = pools.map((status) => [
    label(status.pool),
    status.pool.memory.seen === undefined ? '?' : describeSize(status.pool.memory.seen.size),
    status.nodes === undefined ? '?' : String(status.nodes),
    status.wanted === undefined ? '–' : describeSize(status.wanted),
    status.base === undefined ? '?' : describeSize(status.base),
    remarks(status, at, zone, config),
  ]);
  const [head = '', ...lines] = renderTable([['pool', 'seen', 'nodes', 'wanted', 'base', ''], ...rows], clean);
  return [paint.bold(head), ...lines.map((line, i) => (isThere(pools[i]) ? line : paint.yellow(line)))];
}

/** Of a large fleet, one line for each rule, and the pools that somebody should look at. */
const mostPools = 60;
const mostOdd = 20;
const usual: ReadonlySet<string> = new Set(['in-flight', 'slot', 'observe', 'next-round', 'ahead', 'paused']);

function ruleTable(status: FleetStatus, config: CompiledConfig, look: Look): readonly string[] {
  const groups = Map.groupBy(status.pools, ({ rule }) => rule?.match.text ?? 'no rule');
  const rows = [...groups].map(([rule, pools]) => [
    printable(rule),
    String(pools.length),
    String(pools.filter((pool) => isThere(pool)).length),
    String(pools.filter(({ pool }) => pool.change !== undefined).length),
    heldCounts(pools),
  ]);
  const [head = '', ...lines] = renderTable([['rule', 'pools', 'as wanted', 'changing', 'held'], ...rows], look.clean);
  const odd = status.pools.filter(({ held }) => held !== undefined && !usual.has(held.code));
  const more = odd.length - mostOdd;
  return [
    look.paint.bold(head),
    ...lines,
    ...(odd.length === 0 ? [] : ['', ...poolTable({ ...status, pools: odd.slice(0, mostOdd) }, config, look)]),
    ...(more > 0 ? [`and ${more} more like these`] : []),
    `one line for each pool: ${commandHint(config, 'status "<match>"')}`,
  ];
}

function heldCounts(pools: readonly PoolStatus[]): string {
  const held = Map.groupBy(
    pools.flatMap((pool) => pool.held ?? []),
    ({ code }) => code,
  );
  return [...held].map(([code, some]) => `${some.length} ${code}`).join(', ');
}

function isThere(status: PoolStatus | undefined): boolean {
  if (status?.pool.memory.short !== undefined) return false;
  return status?.wanted === undefined || equalSize(status.pool.memory.seen?.size, status.wanted);
}

function remarks(status: PoolStatus, now: number, zone: string, config: CompiledConfig): string {
  const { pool, rule, asks, held } = status;
  const { kept, stuck } = pool.memory;
  const until = (at: number) => ` until ${clockNear(at, zone, now)}`;
  const away = awayOf(pool.memory);
  const parts = [
    pool.change ? `changing to ${describeSize(pool.change.to)}, begun ${roughly(now - pool.change.claimedAt)} ago` : '',
    stuck ? `stuck on the way to ${describeSize(stuck.to)}` : '',
    asks.pause ? `paused${until(asks.pause.until)}` : '',
    asks.override ? `override${until(asks.override.until)}` : '',
    asks.leases.length > 0
      ? `${counted(asks.leases.length, 'lease')}${until(Math.max(...asks.leases.map((one) => one.until)))}`
      : '',
    kept && kept.until > now ? `set by hand, kept${until(kept.until)}` : '',
    away ? `below base for ${roughly(now - away.since)}` : '',
    rule === undefined ? 'no rule' : rule.mode === 'observe' && held?.code !== 'observe' ? 'observe' : '',
    held === undefined || isSaid(held.code, pool, asks) ? '' : heldRemark(status, held, zone, now, config),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function heldRemark(
  { pool, wanted }: PoolStatus,
  held: Held,
  zone: string,
  now: number,
  config: CompiledConfig,
): string {
  const from = pool.memory.seen?.size;
  if (held.code === 'observe') return `observe: would go ${describeSize(from)} → ${describeSize(wanted)}`;
  const text = printable(localInstants(holdText(config, pool, held), zone, now));
  return held.code === 'slot' ? text : `held: ${text}`;
}

/** A change under way and a pause are said with their own words. */
function isSaid(code: string, { change, memory }: PoolStatus['pool'], asks: PoolStatus['asks']): boolean {
  if (code === 'in-flight') return change !== undefined;
  return code === 'paused' ? asks.pause !== undefined : code === 'stuck' && memory.stuck !== undefined;
}

/** A message that waits, or was refused, was told to nobody. */
function announcedLine({ boundary, destination, state, pools }: AnnouncedView, zone: string): string {
  const ways = Map.groupBy(pools, ({ by }) => (by < 0 ? 'down' : 'up'));
  const what = [...ways]
    .map(([way, some]) => {
      const nodes = some.reduce((sum, { by }) => sum + Math.abs(by), 0);
      return `${counted(some.length, 'pool')} ${way} by ${counted(nodes, 'node')}`;
    })
    .join(' and ');
  const [when, to] = [localInstant(boundary, zone), printable(destination)];
  if (state === 'sent') return `announced ${what} at ${when}, to ${to}`;
  const why = state === 'waiting' ? `the message to ${to} still waits in the outbox` : `${to} refused the message`;
  return `not told yet: ${what} at ${when}; ${why}`;
}

function askLine(ask: FleetStatus['asks'][number], where: string, zone: string): string {
  const until = `${where} until ${localInstant(ask.until, zone)} by ${printable(ask.who)}`;
  const why = ask.reason === undefined ? '' : ` (${printable(ask.reason)})`;
  switch (ask.kind) {
    case 'lease':
      return `lease     at least ${ask.atLeast} for ${ask.match.text}${until}${why}`;
    case 'override':
      return `override  exactly ${describeSize(ask.exactly)} for ${ask.match.text}${until}${why}`;
    case 'pause':
      return `pause     of ${ask.match?.text ?? 'the whole fleet'}${until}${why}`;
    case 'approval':
      return `approval  of config ${ask.configHash}${ask.isAhead ? `${where} from its first round on by ${printable(ask.who)}` : until}${why}`;
  }
}

function summary({ rounds, pools, at }: FleetStatus, config: CompiledConfig): string {
  const { file, hash } = config;
  if (rounds.length === 0)
    return `config ${file} (${hash}); no round has run yet; to start: ${commandHint(config, 'run')}`;
  const last = Math.max(...rounds.map((round) => round.at));
  const clusters = rounds.reduce((sum, round) => sum + round.clusters, 0);
  return `config ${file} (${hash}); ${counted(pools.length, 'pool')} remembered, ${counted(clusters, 'cluster')} read; last round ${ago(last, at)}`;
}
