import { resolve } from 'node:path';
import type { Match, SafetyConfig, StoreConfig, WatchConfig } from '../../model/config.ts';
import { type Context, toMs } from './context.ts';
import { readMatch, readMatches } from './matches.ts';

export function compileSafety(context: Context): SafetyConfig {
  const safety = context.input.safety ?? {};
  return {
    brake: compileBrake(safety.brake),
    maxChangesPerRound: safety.maxChangesPerRound,
    minNodesPerCluster: safety.minNodesPerCluster ?? 0,
    runsOn: safety.runsOn === undefined ? undefined : readOwnPool(safety.runsOn, context),
  };
}

function compileBrake(brake: NonNullable<Context['input']['safety']>['brake']): SafetyConfig['brake'] {
  if (brake === 'off') return undefined;
  return { pools: brake?.pools ?? 3, percent: brake?.percent ?? 30 };
}

/** Lamplighter lives on one pool, so the match names one. */
function readOwnPool(text: string, context: Context): Match | undefined {
  const path = ['safety', 'runsOn'];
  const match = readMatch(text, 'either', 'default region', path, context);
  if (match === undefined || match.exactPool) return match;
  const why = match.pool === undefined ? 'names a cluster, and this needs one pool' : 'may match several pools';
  context.report.error(path, `"${text}" ${why}`, 'write cluster/pool: the one pool that Lamplighter runs on');
  return undefined;
}

export function compileWatch(context: Context): WatchConfig {
  const watch = context.input.watch ?? {};
  const { clusters } = watch;
  return {
    clusters:
      clusters === undefined || clusters === 'all'
        ? 'all'
        : readMatches(clusters, 'clusters', 'any region', ['watch', 'clusters'], context),
    stuckAfterMs: toMs(watch.stuckAfter, '30m'),
    forMs: toMs(watch.for, '5m'),
    clearMs: toMs(watch.clear, '10m'),
  };
}

/** One file beside the config, or a table; functions have no file that stays. */
export function compileStore(context: Context): StoreConfig | undefined {
  const { input, report, target, directoryOf } = context;
  const { store } = input;
  const kind = store?.kind ?? 'sqlite';
  if (target === 'aws' && kind === 'sqlite') {
    const message = 'Lambda functions cannot keep their store in a file';
    const fix = 'write store: { kind: dynamodb, table: lamplighter }';
    if (store === undefined) report.missing([], 'store', message, fix);
    else if (!report.isTold(['store', 'kind'])) report.error(['store'], message, fix);
    return undefined;
  }
  if (kind === 'dynamodb') return compileTable(store?.table, context);
  if (store?.table !== undefined)
    report.error(['store', 'table'], 'a table is for dynamodb', 'remove it, or write kind: dynamodb');
  return { kind: 'sqlite', path: resolve(directoryOf(['store', 'path']), store?.path ?? './lamplighter.db') };
}

function compileTable(table: string | undefined, { input, report }: Context): StoreConfig | undefined {
  if (input.store?.path !== undefined)
    report.error(['store', 'path'], 'a path is for sqlite', 'remove it, or write kind: sqlite');
  if (table !== undefined) return { kind: 'dynamodb', table };
  report.missing(['store'], 'table', 'dynamodb needs the name of a table', 'add table: lamplighter');
  return undefined;
}

/** "127.0.0.1:9090" or "[::1]:9090". */
export function compileListen(context: Context): { readonly host: string; readonly port: number } | undefined {
  const { listen } = context.input;
  if (listen === undefined) return undefined;
  const [, host, port] = /^(\[[\da-f:]+\]|[\w.-]+):(\d{1,5})$/iu.exec(listen) ?? [];
  if (host !== undefined && Number(port) <= 65_535) {
    return { host: host.replace(/^\[|\]$/gu, ''), port: Number(port) };
  }
  const meant = /^\d{1,5}$/u.test(listen) ? listen : '9090';
  context.report.error(['listen'], 'not an address and a port', `write 127.0.0.1:${meant}`);
  return undefined;
}

/** The tick is 1 to 15 minutes: shorter costs calls, longer breaks the promises about lateness. */
export function compileEvery(context: Context): number {
  const everyMs = toMs(context.input.every, '5m');
  if (everyMs >= 60_000 && everyMs <= 900_000) return everyMs;
  context.report.error(['every'], `a tick of ${context.input.every} is not between 1m and 15m`, 'write 5m');
  return 300_000;
}
