import { type Command, Option } from 'commander';
import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import type { SilenceRecord } from '../../decide/incidents/silence.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import { changeRecord } from '../../jobs/records/change-record.ts';
import { listIncidents, listSilences, silenceWrite } from '../../jobs/records/incident-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { reachedRegions } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { commandHint } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { readAskedMatch, refuseUnseen, seenClusters } from '../asks/asked-match.ts';
import { asPerson, keepDeed } from '../asks/deeds.ts';
import { tellAtOnce } from '../asks/take-effect.ts';
import { lookIntoStore, readConfig, withStore } from '../config-and-store.ts';
import { findIncident } from '../incidents/find-incident.ts';
import {
  configuredJson,
  configuredText,
  keptQuiet,
  liveSilences,
  placeText,
  silenceJson,
  silenceText,
} from '../incidents/silence-view.ts';
import {
  type AskOptions,
  addAskOptions,
  type EndOptions,
  endOf,
  examples,
  type JsonOption,
  readInstant,
} from '../options.ts';
import type { CliParts } from '../parts.ts';
import { inReadingZone, localInstant } from '../text/instant.ts';
import { inRegion, looksLikeId, regionOf, shortId } from '../text/labels.ts';
import { writeJson } from '../text/table.ts';

type SilenceOptions = AskOptions & EndOptions & { readonly list?: true; readonly end?: true; readonly from?: EpochMs };

export function addSilence(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('silence')
      .description(
        'Send no alerts about clusters or pools for a while, or about one incident until it is over. Scaling goes on.',
      )
      .argument('[what]', 'an incident’s id, or cluster, or cluster/pool, with *, ?, [ab] and {a,b}; * is everything')
      .addOption(
        new Option('--list', 'list what is silenced, by people and by the config').conflicts(['end', 'for', 'until']),
      )
      .addOption(new Option('--end', 'end the silence').conflicts(['for', 'until']))
      .addOption(
        new Option('--from <instant>', 'begin then, with an offset: 2026-12-01T20:00+01:00 (default: now)')
          .argParser(readInstant)
          .conflicts(['list', 'end']),
      ),
    'how long (an incident needs no end)',
  ).action((what: string | undefined, options: SilenceOptions) => silence(parts, what, options));
  examples(command, [
    ['lamplighter silence 3f9ac1d2 --reason "ticket 4711"', 'acknowledge it: no more alerts until it is over'],
    ['lamplighter silence "dev-*" --for 2h --reason upgrade', 'these clusters and their pools'],
    ['lamplighter silence "prod-*" --from 2026-12-01T20:00+01:00 --for 4h', 'planned maintenance'],
    ['lamplighter silence --list', ''],
    ['lamplighter silence "dev-*" --end', ''],
  ]);
}

/** Silenced incidents open and resolve without words; the end of what was told is told all the same. */
async function silence(machine: CliParts, what: string | undefined, options: SilenceOptions): Promise<void> {
  const config = await readConfig(machine, options.config);
  if (options.list) {
    if (what !== undefined) throw new UsageError(`--list shows every silence: leave out "${what}"`);
    if (options.reason !== undefined) throw new UsageError('--reason is for a silence: leave it out of --list');
    return list(inReadingZone(config, machine), config, options);
  }
  const parts = inReadingZone(config, await asPerson(machine, config));
  const verb = options.end ? 'Name which silence to end' : 'Name what to silence';
  if (what === undefined) throw new UsageError(`${verb}: an incident or a match; or give --list`);
  await withStore(parts, config, async (store) => {
    const asked = await readScope(store, config, what);
    if (options.end) return end(parts, store, asked, what, config, options);
    await refuseUnknown(store, config, asked, what);
    return beginSilence(parts, config, store, asked, options);
  });
}

/** An id that no incident has, or a name that nothing has, would silence nothing, and nobody would know. */
async function refuseUnknown(store: Store, config: CompiledConfig, { scope }: Scope, what: string): Promise<void> {
  if (scope.kind === 'incident') return;
  const { match } = scope;
  if (looksLikeId(what) && !(await seenClusters(store, reachedRegions(match, config.regions))).has(what))
    throw new CommandError(
      `No open incident has the id "${what}", and no cluster of that name was seen; see: ${commandHint(config, 'incidents')}`,
    );
  await refuseUnseen(store, config, match);
}

type Scope = { readonly id: string; readonly scope: SilenceRecord['scope'] };

/** An open incident, where the text is the beginning of its id; else a match. */
async function readScope(store: Store, config: CompiledConfig, what: string): Promise<Scope> {
  const incident = await incidentScope(store, what);
  if (incident !== undefined) return incident;
  const match = readAskedMatch(what, config);
  return { id: `match/${encodeURIComponent(match.text)}`, scope: { kind: 'match', match } };
}

/** The open incident that an id stands for; undefined where there is none of that id. Throws CommandError where it is over. */
export async function incidentScope(store: Store, what: string): Promise<Scope | undefined> {
  const incident = await findIncident(store, what);
  if (incident === undefined) return undefined;
  const { key, episode, phase } = incident;
  if (phase !== 'open') throw new CommandError(`The incident ${shortId(key)} is not open: no alerts are sent about it`);
  return { id: `incident/${key}`, scope: { kind: 'incident', key, episode } };
}

/** The last silence for the same match or incident stands. */
export async function beginSilence(
  parts: CliParts,
  config: CompiledConfig,
  store: Store,
  { id, scope }: Scope,
  options: SilenceOptions,
): Promise<void> {
  const now = parts.clock.now();
  const record = recordOf(parts, { id, scope }, options, now);
  const before = await put(store, record, now);
  const subject = scope.kind === 'incident' ? `incident ${shortId(scope.key)}` : scope.match.text;
  const start = record.from === undefined ? '' : ` from ${iso(record.from)}`;
  const what = `${subject}${start} until ${record.until === undefined ? 'it is over' : iso(record.until)}`;
  await keepDeed(parts, store, config, { verb: 'silence', what, reason: options.reason });
  const others = before === undefined ? [] : [`replaces the silence of ${silenceText(before, parts.zone)}`];
  const when = await tellAtOnce(parts, config, store);
  const quiet = keptQuiet(record, await incidentsOf(store), now);
  if (options.json) {
    const incidents = quiet.map(({ key }) => shortId(key));
    writeJson(parts.stdout, { kind: 'silence', ...silenceJson(record), incidents, notes: [...others, when] });
    return;
  }
  const lines = [...others, ...quietLines(config, record, quiet), when].map((line) => `  ${line}`);
  parts.stdout.write(`silenced ${[silenceText(record, parts.zone), ...lines].join('\n')}\n`);
}

/** An incident needs no end: it is over by itself. */
function recordOf({ who, zone }: CliParts, { id, scope }: Scope, options: SilenceOptions, now: EpochMs): SilenceRecord {
  const { from, reason } = options;
  if (from !== undefined) refuseStart(scope, from, now, zone);
  const isEndless = scope.kind === 'incident' && options.for === undefined && options.until === undefined;
  const until = isEndless ? undefined : endOf(options, now, 'A silence', zone, from);
  return { schema: 1, id, scope, ...(from !== undefined && { from }), until, who, reason, askedAt: now };
}

function refuseStart(scope: SilenceRecord['scope'], from: EpochMs, now: EpochMs, zone: string): void {
  if (scope.kind === 'incident')
    throw new UsageError('--from is for clusters and pools: an incident is silenced at once');
  if (from <= now)
    throw new UsageError(`A silence would begin at ${localInstant(from, zone)}, which has passed: leave out --from`);
}

function quietLines(
  config: CompiledConfig,
  { from }: SilenceRecord,
  quiet: readonly IncidentRecord[],
): readonly string[] {
  if (quiet.length === 0 && from !== undefined) return ['alerts go on until then'];
  if (quiet.length === 0) return ['matches nothing open; later incidents will be silenced'];
  return quiet.map(({ kind, subject, text }) => {
    return `no alerts about: ${kind}${inRegion(config, regionOf(subject))} ${printable(text)}`;
  });
}

/** Ended by its time, as every silence is: the next round of the watch tells what is still wrong and was not told. */
async function end(
  parts: CliParts,
  store: Store,
  { id }: Scope,
  what: string,
  config: CompiledConfig,
  { json, reason }: SilenceOptions,
): Promise<void> {
  const now = parts.clock.now();
  const live = liveSilences(await silencesOf(store), await incidentsOf(store), now);
  const found = live.find((one) => one.id === id);
  if (found === undefined) throw notAsked(config, what, now);
  await put(store, { ...found, until: now }, now);
  await keepDeed(parts, store, config, { verb: 'silence end', what, reason });
  const when = await tellAtOnce(parts, config, store);
  if (json) writeJson(parts.stdout, { kind: 'silence-end', ...silenceJson(found), notes: [when] });
  else parts.stdout.write(`ended the silence of ${silenceText(found, parts.zone)}\n  ${when}\n`);
}

/** What stands in the config is ended there: a command that undid it would be undone by the next reading. */
function notAsked(config: CompiledConfig, what: string, now: EpochMs): CommandError {
  const own = config.silences.filter(({ match, until }) => match.text === what && (until === undefined || now < until));
  const places = own.flatMap(({ position }) => (position === undefined ? [] : [placeText(position)]));
  return new CommandError(
    own.length === 0
      ? `Nothing silences "${what}"; see: ${commandHint(config, 'silence --list')}`
      : `The silence of "${what}" is in the config (${places.join(', ')}): remove it there, or give it an until`,
  );
}

async function list(parts: CliParts, config: CompiledConfig, { json }: JsonOption): Promise<void> {
  const now = parts.clock.now();
  const asked =
    (await lookIntoStore(parts, config, async (store) =>
      liveSilences(await silencesOf(store), await incidentsOf(store), now),
    )) ?? [];
  const configured = config.silences.filter(({ until }) => until === undefined || now < until);
  if (json) {
    writeJson(parts.stdout, {
      asked: asked.map(silenceJson),
      configured: configured.map((one) => configuredJson(one, now)),
    });
    return;
  }
  const lines = [
    ...asked.map((one) => silenceText(one, parts.zone)),
    ...configured.map((one) => configuredText(one, now)),
  ];
  parts.stdout.write(`${lines.length === 0 ? 'nothing is silenced' : lines.join('\n')}\n`);
}

/** Resolves to the one that stood there, if it was live: somebody else's may be replaced in the same moment. */
async function put(store: Store, silenced: SilenceRecord, now: EpochMs): Promise<SilenceRecord | undefined> {
  return changeRecord(store, {
    what: `the silence of ${silenced.id}`,
    read: async () => (await listSilences(store)).find((stored) => stored.silence.id === silenced.id),
    change: (before) => ({
      writes: [silenceWrite(silenced, before?.version)],
      result: liveBefore(before?.silence, now),
    }),
  });
}

function liveBefore(silence: SilenceRecord | undefined, now: EpochMs): SilenceRecord | undefined {
  return silence !== undefined && (silence.until === undefined || now < silence.until) ? silence : undefined;
}

async function incidentsOf(store: Store): Promise<readonly IncidentRecord[]> {
  return (await listIncidents(store)).map(({ record }) => record);
}

async function silencesOf(store: Store): Promise<readonly SilenceRecord[]> {
  return (await listSilences(store)).map(({ silence: record }) => record);
}
