import type { Command } from 'commander';
import type { Store } from '../../io/stores/store.ts';
import { putAsk } from '../../jobs/records/ask-records.ts';
import type { Pause } from '../../model/asks.ts';
import type { CompiledConfig, Match } from '../../model/config.ts';
import { reachedRegions } from '../../model/match.ts';
import { counted } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { readAskedMatch, refuseUnseen, refuseUntouched, seenClusters, seenNames } from '../asks/asked-match.ts';
import { nothingNamed } from '../asks/asked-size.ts';
import { asPerson, keepDeed } from '../asks/deeds.ts';
import { replacedNotes } from '../asks/replaced-asks.ts';
import { takeEffect } from '../asks/take-effect.ts';
import { readConfig, withStore } from '../config-and-store.ts';
import { type AskOptions, addAskOptions, type EndOptions, endOf, examples } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isMatched, listKnownPools } from '../pools.ts';
import { localInstant, readingZone, rfc3339 } from '../text/instant.ts';
import { writeJson } from '../text/table.ts';

type PauseOptions = AskOptions & EndOptions;

export function addPause(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('pause')
      .description(
        'Change nothing for a while: in the whole fleet, in clusters or in pools. Watching and alerts go on.',
      )
      .argument('[match]', 'cluster, or cluster/pool, with *, ?, [ab] and {a,b} (default: the whole fleet)'),
    'how long',
  ).action((match: string | undefined, options: PauseOptions) => pause(parts, match, options));
  examples(command, [
    ['lamplighter pause --for 2h --reason "terraform apply"', 'the whole fleet'],
    ['lamplighter pause prod-web --until 2026-12-24T18:00+01:00', 'one cluster'],
    ['lamplighter pause "dev-*/burst" --for 30m', 'some pools'],
  ]);
}

/** Every pause ends by itself: one that is forgotten must not keep a fleet awake for months. */
async function pause(given: CliParts, text: string | undefined, options: PauseOptions): Promise<void> {
  const config = await readConfig(given, options.config);
  const parts = await asPerson(given, config);
  const now = parts.clock.now();
  const until = endOf(options, now, 'A pause', readingZone(config, given));
  const match = text === undefined ? undefined : readAskedMatch(text, config);
  const asked: Asked = { config, match, until, now, reason: options.reason };
  const stored = await withStore(parts, config, (store) => storePause(parts, store, asked));
  if (options.json) writeJson(parts.stdout, pauseJson(parts, asked, stored));
  else parts.stdout.write(pauseText(parts, asked, stored));
}

type Asked = {
  readonly config: CompiledConfig;
  /** undefined = the whole fleet. */
  readonly match: Match | undefined;
  readonly until: EpochMs;
  readonly now: EpochMs;
  readonly reason: string | undefined;
};

/** `known`: how many pools that were seen it names. */
type Stored = { readonly known: number; readonly notes: readonly string[] };

async function storePause(parts: CliParts, store: Store, asked: Asked): Promise<Stored> {
  const { config, match, until, reason } = asked;
  const regions = reachedRegions(match, config.regions);
  const known = (await listKnownPools(store, regions)).filter((pool) => isMatched(match, pool)).length;
  // A pool whose rule is gone may still be on its way back, which a pause holds.
  if (match !== undefined && known === 0) {
    const names = () => seenNames(store, config, match);
    await refuseUntouched(match, config, { clusters: await seenClusters(store, regions), names });
    await refuseUnseen(store, config, match);
  }
  const replaced = await putPauses(parts, store, asked);
  const what = `${match?.text ?? 'the whole fleet'} until ${iso(until)}`;
  await keepDeed(parts, store, config, { verb: 'pause', what, reason });
  const told = replacedNotes(config, replaced, readingZone(config, parts), { until });
  const effect = await takeEffect(parts, config, store, (pool) => isMatched(match, pool));
  return { known, notes: [...told, ...effect] };
}

/** One in each region that it reaches. Resolves to those that stood there. */
async function putPauses(
  { who }: CliParts,
  store: Store,
  { config, match, until, now, reason }: Asked,
): Promise<readonly Pause[]> {
  const replaced: Pause[] = [];
  for (const region of reachedRegions(match, config.regions)) {
    const common = { schema: 1, region, who, reason, askedAt: now } as const;
    const asked: Pause = { ...common, id: pauseId(match), kind: 'pause', match, until };
    const before = await putAsk(store, asked, config.keepMs);
    if (before !== undefined) replaced.push(before);
  }
  return replaced;
}

/** The last pause asked for the same match stands. */
function pauseId(match: Match | undefined): string {
  return match === undefined ? 'pause/fleet' : `pause/match/${encodeURIComponent(match.text)}`;
}

function pauseJson({ who }: CliParts, { config, match, until, reason }: Asked, { known, notes }: Stored): object {
  return {
    kind: 'pause',
    match: match?.text ?? null,
    regions: reachedRegions(match, config.regions),
    until: rfc3339(until),
    who,
    reason: reason ?? null,
    pools: known,
    notes,
  };
}

function pauseText(parts: CliParts, { config, match, until }: Asked, { known, notes }: Stored): string {
  const what = match === undefined ? 'the whole fleet' : match.text;
  const note =
    match !== undefined && known === 0 ? nothingNamed(match, config) : `${counted(known, 'pool')} seen so far`;
  const end = localInstant(until, readingZone(config, parts));
  return `paused ${what} until ${end}\n  ${[note, ...notes].join('\n  ')}\n`;
}
