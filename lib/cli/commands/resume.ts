import type { Command } from 'commander';
import type { Store } from '../../io/stores/store.ts';
import { endAsk, listAsks } from '../../jobs/records/ask-records.ts';
import { isLive, type Pause } from '../../model/asks.ts';
import type { CompiledConfig, Match } from '../../model/config.ts';
import { matchesPool, type Names, reachedRegions } from '../../model/match.ts';
import { describeSize, type Size } from '../../model/size.ts';
import { commandHint, counted } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { failUnseen, namesSame, readAskedMatch } from '../asks/asked-match.ts';
import { changeMemories, recordAction } from '../asks/change-memory.ts';
import { asPerson, keepDeed } from '../asks/deeds.ts';
import { takeEffect } from '../asks/take-effect.ts';
import { readConfig, withStore } from '../config-and-store.ts';
import { type AskOptions, addAskOptions, examples } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isMatched, isSamePool, listKnownClusters } from '../pools.ts';
import { localInstant, readingZone, rfc3339 } from '../text/instant.ts';
import { onceInRegions, poolLabels } from '../text/labels.ts';
import { writeJson } from '../text/table.ts';

type ResumeOptions = AskOptions;

export function addResume(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('resume')
      .description('Let the schedule act again: end pauses and forget sizes that were set by hand.')
      .argument('[match]', 'cluster, or cluster/pool, with *, ?, [ab] and {a,b} (default: everything)'),
  ).action((match: string | undefined, options: ResumeOptions) => resume(parts, match, options));
  examples(command, [
    ['lamplighter resume', 'end all pauses and forget all kept sizes'],
    ['lamplighter resume ml/gpu', 'one pool'],
  ]);
}

type Freed = { readonly region: string; readonly cluster: string; readonly pool: string; readonly size: Size };
type Resumed = {
  readonly ended: readonly Pause[];
  readonly freed: readonly Freed[];
  /** Pauses that reach further than what was named, and go on. */
  readonly wider: readonly Pause[];
  readonly notes: readonly string[];
};

async function resume(given: CliParts, text: string | undefined, options: ResumeOptions): Promise<void> {
  const config = await readConfig(given, options.config);
  const parts = await asPerson(given, config);
  const now = parts.clock.now();
  const match = text === undefined ? undefined : readAskedMatch(text, config);
  const regions = reachedRegions(match, config.regions);
  const resumed = await withStore(parts, config, async (store) => {
    const { ended, wider } = await endPauses(store, regions, match, now, config.keepMs);
    const freed = await freeKept(parts, store, regions, match, options.reason, config);
    const what = `${match?.text ?? 'the whole fleet'}: ${counted(ended.length, 'pause')} ended, ${counted(freed.length, 'size')} forgotten`;
    if (ended.length + freed.length > 0)
      await keepDeed(parts, store, config, { verb: 'resume', what, reason: options.reason });
    const isIn = (pool: Names) =>
      isMatched(match, pool) && (ended.length > 0 || freed.some((one) => isSamePool(one, pool)));
    return {
      ended,
      wider,
      freed,
      notes: ended.length + freed.length === 0 ? [] : await takeEffect(parts, config, store, isIn),
    };
  });
  if (resumed.ended.length + resumed.freed.length + resumed.wider.length === 0) await failUnseen(parts, config, match);
  if (options.json) writeJson(parts.stdout, resumedJson(resumed));
  else writeText(parts, config, text ?? 'the fleet', resumed);
}

async function endPauses(
  store: Store,
  regions: readonly string[],
  match: Match | undefined,
  now: EpochMs,
  keepMs: number,
): Promise<Pick<Resumed, 'ended' | 'wider'>> {
  const ended: Pause[] = [];
  const wider: Pause[] = [];
  for (const region of regions) {
    for (const ask of await listAsks(store, region)) {
      if (ask.kind !== 'pause' || !isLive(ask, now)) continue;
      if (namesSame(match, ask.match)) {
        await endAsk(store, ask, now, keepMs);
        ended.push(ask);
      } else if (reachesInto(ask, match, region)) wider.push(ask);
    }
  }
  return { ended, wider };
}

/** The fleet's pause holds everywhere; another one is named where it holds the very cluster and pool that were written. */
function reachesInto(pause: Pause, match: Match | undefined, region: string): boolean {
  if (pause.match === undefined) return true;
  const [cluster = '', pool = '*'] = (match?.text ?? '').replace(/^[^:/]*:/u, '').split('/');
  return matchesPool(pause.match, { region, cluster, pool });
}

async function freeKept(
  parts: CliParts,
  store: Store,
  regions: readonly string[],
  match: Match | undefined,
  reason: string | undefined,
  config: CompiledConfig,
): Promise<readonly Freed[]> {
  const freed: Freed[] = [];
  for (const { region, clusterId, record } of await listKnownClusters(store, regions)) {
    const { cluster } = record;
    const isNamed = (pool: string) => isMatched(match, { region, cluster, pool });
    if (!Object.values(record.pools).some(({ kept, name }) => kept !== undefined && isNamed(name))) continue;
    const own = new Map<string, Freed & { readonly poolId: string }>();
    await changeMemories(store, region, clusterId, (memory, poolId) => {
      if (memory.kept === undefined || !isNamed(memory.name)) return undefined;
      own.set(poolId, { region, cluster, pool: memory.name, size: memory.kept.size, poolId });
      return { ...memory, kept: undefined, resetAt: parts.clock.now() };
    });
    for (const { poolId, ...one } of own.values()) {
      const action = {
        code: 'resume',
        from: one.size,
        to: undefined,
        what: 'the size set by hand was forgotten',
        reason,
      };
      await recordAction(parts, store, { ...one, clusterId, poolId }, action, config);
      freed.push(one);
    }
  }
  return freed;
}

function resumedJson({ ended, freed, wider, notes }: Resumed): object {
  const pauseJson = ({ region, match, until, who }: Pause) => {
    return { region, match: match?.text ?? null, until: rfc3339(until), who };
  };
  return { kind: 'resume', ended: ended.map(pauseJson), freed, stillPaused: wider.map(pauseJson), notes };
}

function writeText(
  parts: CliParts,
  config: CompiledConfig,
  what: string,
  { ended, freed, wider, notes }: Resumed,
): void {
  const label = poolLabels(config);
  const lines = [
    ...onceInRegions(config, ended, (pause, where) => `ended the pause of ${nameOf(pause)}${where} by ${pause.who}`),
    ...freed.map((one) => `forgot ${describeSize(one.size)}, set by hand, on ${label(one)}`),
    ...onceInRegions(config, wider, (pause, where) => {
      const end = commandHint(config, pause.match ? `resume "${pause.match.text}"` : 'resume');
      const until = localInstant(pause.until, readingZone(config, parts));
      return `still paused: ${nameOf(pause)}${where} by ${pause.who} until ${until}; to end it: ${end}`;
    }),
  ];
  parts.stdout.write(
    `${lines.length > 0 ? [...lines, ...notes.map((note) => `  ${note}`)].join('\n') : `nothing was paused or set by hand in ${what}`}\n`,
  );
}

function nameOf({ match }: Pause): string {
  return match === undefined ? 'the whole fleet' : match.text;
}
