import { type Command, Option } from 'commander';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import { UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import {
  endAsk,
  listAsks,
  loadAsk,
  personLeaseId,
  putAsk,
  putLease,
  releaseLease,
} from '../../jobs/records/ask-records.ts';
import { isLive, type Lease, type Override } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { matchesPool, type Names } from '../../model/match.ts';
import { describeSize, type Size } from '../../model/size.ts';
import { commandHint, counted } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import {
  type AskedMatch,
  findAsked,
  namesSame,
  readAskedMatch,
  refuseUnseen,
  refuseUntouched,
  seenNames,
} from '../asks/asked-match.ts';
import {
  cutLease,
  leaseEffects,
  nothingNamed,
  overrideEffects,
  refuseUntakable,
  rulesReached,
} from '../asks/asked-size.ts';
import { asPerson, keepDeed } from '../asks/deeds.ts';
import { findReplaced, replacedNotes } from '../asks/replaced-asks.ts';
import { takeEffect } from '../asks/take-effect.ts';
import { lookIntoStore, readConfig, withStore } from '../config-and-store.ts';
import {
  type AskOptions,
  addAskOptions,
  type EndOptions,
  endOf,
  examples,
  type JsonOption,
  readCount,
  readSize,
} from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isMatched } from '../pools.ts';
import { localInstant, readingZone, rfc3339 } from '../text/instant.ts';
import { onceInRegions, poolLabels } from '../text/labels.ts';
import { writeJson } from '../text/table.ts';

type ScaleOptions = AskOptions &
  EndOptions & { readonly atLeast?: number; readonly exactly?: Size; readonly release?: true };

export function addScale(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('scale')
      .description('Ask for nodes for a while: at least n (a lease) or exactly n (an override).')
      .argument('<match>', 'which pools: cluster/pool with *, ?, [ab] and {a,b}; region:cluster/pool for one region')
      .addOption(
        new Option(
          '--at-least <nodes>',
          'at least this many nodes; replaces your earlier lease for the same match',
        ).argParser(readCount),
      )
      .addOption(
        new Option(
          '--exactly <size>',
          'this size, whatever the schedule says: 0, 3 or 1..4; replaces every earlier override for the same match',
        ).argParser(readSize),
      )
      .option('--release', 'end the leases and overrides of these pools now'),
    'how long',
  ).action((match: string, options: ScaleOptions) => scale(parts, match, options));
  examples(command, [
    ['lamplighter scale ml/gpu --at-least 6 --for 4h --reason "reprocessing"', ''],
    ['lamplighter scale "dev-*/*" --exactly 0 --until 2026-12-24T18:00+01:00', ''],
    ['lamplighter scale ml/gpu --release', 'back to what the schedule says'],
  ]);
}

/** Writes down what is asked, and has it acted on at once. */
async function scale(machine: CliParts, text: string, options: ScaleOptions): Promise<void> {
  const { atLeast, exactly, release } = options;
  const given = [atLeast, exactly, release].filter((one) => one !== undefined).length;
  if (given !== 1) throw new UsageError('Give one of --at-least 6, --exactly 0 or --release');
  if (release && (options.for !== undefined || options.until !== undefined))
    throw new UsageError('--release ends what was asked for now: leave out --for and --until');
  const config = await readConfig(machine, options.config);
  const parts = await asPerson(machine, config);
  const now = parts.clock.now();
  const end = release
    ? now
    : endOf(options, now, atLeast === undefined ? 'An override' : 'A lease', readingZone(config, machine));
  const match = readAskedMatch(text, config);
  const names = async () => (await lookIntoStore(parts, config, (store) => seenNames(store, config, match))) ?? [];
  if (!release) await refuseUntouched(match, config, { names });
  await withStore(parts, config, async (store) => {
    const asked = await findAsked(store, config, makeRuleBook(config, now), text);
    if (!release && asked.pools.length === 0) await refuseUnseen(store, config, asked.match);
    const asking: Asking = { parts, config, store, asked, now, reason: options.reason };
    if (atLeast !== undefined) await tell(asking, options, await lease(asking, atLeast, end));
    else if (exactly !== undefined) await tell(asking, options, await override(asking, exactly, end));
    else await tell(asking, options, await releaseAll(asking));
  });
}

type Asking = {
  readonly parts: CliParts;
  readonly config: CompiledConfig;
  readonly store: Store;
  readonly asked: AskedMatch;
  readonly now: EpochMs;
  readonly reason: string | undefined;
};

/** `notes` stand in both. */
type Told = {
  readonly json: object;
  readonly lines: readonly string[];
  readonly notes: readonly string[];
  readonly isNothing?: boolean;
  /** What history keeps of it. */
  readonly deed: string;
};

async function lease(asking: Asking, atLeast: number, end: EpochMs): Promise<Told> {
  const { parts, asked, store, now } = asking;
  const cut = cutLease(end, now, rulesReached(asked, asking.config));
  const { match, regions } = asked;
  const id = personLeaseId(parts.who, match.text);
  const replaced = await findReplaced(store, regions, id, now);
  for (const region of regions) {
    const time = await timeOf(store, region, id, now);
    await putLease(
      store,
      { ...commonOf(asking, region), id, time, kind: 'lease', match, atLeast, until: cut.until },
      now,
    );
  }
  const zone = readingZone(asking.config, parts);
  const what = `at least ${counted(atLeast, 'node')} for ${match.text} until ${localInstant(cut.until, zone)}`;
  const notes = [
    ...replacedNotes(asking.config, replaced, zone),
    ...(cut.note === undefined ? [] : [cut.note]),
    ...effectsOf(asking, leaseEffects(asked, atLeast, poolLabels(asking.config))),
  ];
  return {
    json: { kind: 'lease', match: match.text, regions, atLeast, until: rfc3339(cut.until), ...saidBy(asking) },
    lines: [what],
    notes,
    deed: `${match.text} at least ${atLeast} until ${iso(cut.until)}`,
  };
}

/** Of a person's asks for the same match the last one stands, also where the clock was set back in between. */
async function timeOf(store: Store, region: string, id: string, now: EpochMs): Promise<EpochMs> {
  const before = (await loadAsk(store, region, id))?.ask;
  return before !== undefined && 'time' in before ? Math.max(now, before.time + 1) : now;
}

async function override(asking: Asking, exactly: Size, until: EpochMs): Promise<Told> {
  const { parts, asked, store, config } = asking;
  const { match, regions } = asked;
  const label = poolLabels(config);
  refuseUntakable(asked, exactly, label);
  const id = `override/${encodeURIComponent(match.text)}`;
  const replaced: Override[] = [];
  for (const region of regions) {
    const ask: Override = { ...commonOf(asking, region), id, kind: 'override', match, exactly, until };
    const before = await putAsk(store, ask, config.keepMs);
    if (before !== undefined) replaced.push(before);
  }
  const zone = readingZone(config, parts);
  const what = `exactly ${describeSize(exactly)} for ${match.text} until ${localInstant(until, zone)}`;
  const notes = [
    ...replacedNotes(config, replaced, zone),
    ...effectsOf(asking, overrideEffects(asked, exactly, label)),
  ];
  return {
    json: { kind: 'override', match: match.text, regions, exactly, until: rfc3339(until), ...saidBy(asking) },
    lines: [what],
    notes,
    deed: `${match.text} exactly ${describeSize(exactly)} until ${iso(until)}`,
  };
}

async function releaseAll(asking: Asking): Promise<Told> {
  const { parts, asked, store, config, now } = asking;
  const ended: (Lease | Override)[] = [];
  const wider: (Lease | Override)[] = [];
  for (const region of asked.regions) {
    for (const ask of await listAsks(store, region)) {
      if (ask.kind !== 'lease' && ask.kind !== 'override') continue;
      if (!isLive(ask, now)) continue;
      if (!namesSame(asked.match, ask.match)) {
        if (asked.pools.some(({ known }) => known.region === region && matchesPool(ask.match, known))) wider.push(ask);
        continue;
      }
      if (ask.kind === 'lease') await releaseLease(store, ask, parts.who, now);
      else await endAsk(store, ask, now, config.keepMs);
      ended.push(ask);
    }
  }
  const lines = onceInRegions(config, ended, (ask, where) => `ended ${describeAsk(ask)}${where} by ${ask.who}`);
  const zone = readingZone(config, parts);
  const still = onceInRegions(config, wider, (ask, where) => {
    const until = localInstant(ask.until, zone);
    const end = commandHint(config, `scale "${ask.match.text}" --release`);
    return `still in force: ${describeAsk(ask)}${where} by ${ask.who} until ${until}; to end it: ${end}`;
  });
  return {
    json: { kind: 'release', match: asked.match.text, regions: asked.regions, ended: ended.map(askJson) },
    lines: lines.length > 0 ? lines : [`nothing to release for ${asked.match.text}`],
    notes: still,
    isNothing: ended.length === 0,
    deed: `${asked.match.text} released`,
  };
}

function describeAsk(ask: Lease | Override): string {
  const what =
    ask.kind === 'lease'
      ? `the lease of at least ${counted(ask.atLeast, 'node')}`
      : `the override of exactly ${describeSize(ask.exactly)}`;
  return `${what} for ${ask.match.text}`;
}

function askJson(ask: Lease | Override): object {
  const { kind, region, who, until } = ask;
  const size = ask.kind === 'lease' ? { atLeast: ask.atLeast } : { exactly: ask.exactly };
  return { kind, region, match: ask.match.text, ...size, who, until: rfc3339(until) };
}

function commonOf({ parts, now, reason }: Asking, region: string) {
  return { schema: 1, region, who: parts.who, reason, askedAt: now } as const;
}

function saidBy({ parts, reason }: Asking): { readonly who: string; readonly reason: string | null } {
  return { who: parts.who, reason: reason ?? null };
}

function effectsOf({ asked, config }: Asking, effects: readonly string[]): readonly string[] {
  return effects.length === 0 ? [nothingNamed(asked.match, config)] : effects;
}

async function tell({ parts, config, store, asked, reason }: Asking, { json }: JsonOption, told: Told): Promise<void> {
  const isNamed = (pool: Names) => isMatched(asked.match, pool);
  if (!told.isNothing) await keepDeed(parts, store, config, { verb: 'scale', what: told.deed, reason });
  const comes = told.isNothing ? [] : await takeEffect(parts, config, store, isNamed);
  const notes = [...told.notes, ...comes];
  if (json) writeJson(parts.stdout, { ...told.json, notes });
  else parts.stdout.write(`${[...told.lines, ...notes].join('\n  ')}\n`);
}
