import { type Command, Option } from 'commander';
import { describeSubject, type IncidentRecord } from '../../decide/incidents/incident.ts';
import { namesSubject } from '../../decide/incidents/silence.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { bySeverity, type Subject } from '../../model/finding.ts';
import { printable } from '../../model/printable.ts';
import { commandHint, counted, withConfig } from '../../model/text.ts';
import { failUnseen, readAskedMatch } from '../asks/asked-match.ts';
import { asPerson } from '../asks/deeds.ts';
import { lookIntoStore, readConfig, withStore } from '../config-and-store.ts';
import { findIncident } from '../incidents/find-incident.ts';
import {
  groupedText,
  incidentJson,
  incidentText,
  type Reading,
  whyJson,
  whyText,
} from '../incidents/incident-output.ts';
import { type IncidentView, listMessages, viewIncident } from '../incidents/incident-view.ts';
import { type AskOptions, addAskOptions, examples, type JsonOption } from '../options.ts';
import { viewOutbox } from '../outbox/outbox-view.ts';
import type { CliParts } from '../parts.ts';
import { inReadingZone } from '../text/instant.ts';
import { clusterLabels, poolLabels } from '../text/labels.ts';
import { makePaint } from '../text/paint.ts';
import { writeJson } from '../text/table.ts';
import { beginSilence, incidentScope } from './silence.ts';

type IncidentsOptions = AskOptions & { readonly why?: string; readonly all?: true };

export function addIncidents(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('incidents')
      .description(
        'List what is wrong now, since when, and who was told; or acknowledge one (ack). Reads the store, calls no API.',
      )
      .argument('[match]', 'cluster, or cluster/pool, with *, ?, [ab] and {a,b} (default: all); or ack')
      .argument('[id]', 'for ack: the incident; no alerts about it until it is over, then it can alert again')
      .option('--all', 'also show what may become an incident, and what is over')
      .addOption(
        new Option('--why <id>', 'show one incident with all its messages, and why one was not sent').conflicts('all'),
      ),
  ).action((match: string | undefined, id: string | undefined, options: IncidentsOptions) =>
    match === 'ack' ? acknowledge(parts, id, options) : incidents(parts, match, id, options),
  );
  examples(command, [
    ['lamplighter incidents', 'what is open'],
    ['lamplighter incidents "prod-*"', 'only some clusters or pools'],
    ['lamplighter incidents ack 3f9ac1d2 --reason "ticket 4711"', 'acknowledge one: no more alerts until it is over'],
    ['lamplighter incidents --why 3f9ac1d2', 'why a message was sent or not; a message’s id works too'],
    ['lamplighter incidents --json', 'for programs'],
  ]);
}

/** The short word for `silence <id>` without an end. */
async function acknowledge(machine: CliParts, id: string | undefined, options: IncidentsOptions): Promise<void> {
  if (id === undefined) throw new UsageError('Name what to acknowledge: an incident’s id, as incidents shows it');
  for (const option of ['all', 'why'] as const)
    if (options[option] !== undefined) throw new UsageError(`--${option} is not for ack`);
  const config = await readConfig(machine, options.config);
  const parts = inReadingZone(config, await asPerson(machine, config));
  await withStore(parts, config, async (store) => {
    const scope = await incidentScope(store, id);
    if (scope === undefined) throw noIncident(config, id);
    await beginSilence(parts, config, store, scope, options);
  });
}

async function incidents(
  machine: CliParts,
  text: string | undefined,
  rest: string | undefined,
  options: IncidentsOptions,
): Promise<void> {
  if (rest !== undefined) throw new UsageError(`Give one match: "${rest}" is one too many`);
  if (options.reason !== undefined) throw new UsageError('--reason is for: incidents ack');
  if (text !== undefined && options.why !== undefined)
    throw new UsageError('--why is about one incident: leave out the match');
  const config = await readConfig(machine, options.config);
  const match = text === undefined ? undefined : readAskedMatch(text, config);
  const parts = inReadingZone(config, machine);
  if (options.why !== undefined) return why(parts, config, options.why, options);
  const views = await lookIntoStore(parts, config, async (store) => {
    const outbox = await viewOutbox(store, config, parts.clock.now());
    const records = (await listIncidents(store)).map(({ record }) => record);
    const shown = records
      .filter(({ phase }) => options.all || phase === 'open')
      .filter(({ subject }) => match === undefined || namesSubject(match, subject))
      .toSorted(gravestFirst);
    return shown.map((record) => viewIncident(record, config, outbox));
  });
  if (views?.length === 0) await failUnseen(parts, config, match);
  if (options.json) writeJson(parts.stdout, (views ?? []).map(incidentJson));
  else writeText(parts, config, views ?? [], { isAll: options.all === true, isPart: match !== undefined });
}

async function why(parts: CliParts, config: CompiledConfig, id: string, { json }: JsonOption): Promise<void> {
  const found = await lookIntoStore(parts, config, async (store) => {
    const record = await findIncident(store, id);
    const outbox = await viewOutbox(store, config, parts.clock.now());
    if (record === undefined) return undefined;
    const messages = await listMessages(store, record, config, outbox);
    return { view: viewIncident(record, config, outbox), messages };
  });
  if (found === undefined) throw noIncident(config, id);
  if (json) return writeJson(parts.stdout, whyJson(found.view, found.messages));
  const lines = [
    ...incidentText(found.view, readingOf(parts, config)),
    ...whyText(found.view, found.messages, { zone: parts.zone, clean: parts.redactor.clean }),
  ];
  parts.stdout.write(`${lines.join('\n')}\n`);
}

function noIncident(config: CompiledConfig, id: string): CommandError {
  return new CommandError(
    withConfig(config, `There is no incident "${id}" (any more); see: lamplighter incidents --all`),
  );
}

/** Of more than this, those of one rule are one entry, unless somebody asked for a part of the fleet. */
const mostSingle = 30;

function writeText(
  parts: CliParts,
  config: CompiledConfig,
  views: readonly IncidentView[],
  { isAll, isPart }: { readonly isAll: boolean; readonly isPart: boolean },
): void {
  if (views.length === 0) {
    parts.stdout.write(isAll ? 'no incident is known\n' : 'nothing is open\n');
    return;
  }
  const reading = readingOf(parts, config);
  const lines =
    isPart || views.length <= mostSingle
      ? views.flatMap((view) => incidentText(view, reading))
      : [
          ...groupedText(views, { ...reading, rules: config.rules, label: subjectLabel(config) }),
          `${counted(views.length, 'incident')}; one entry for each: ${commandHint(config, `incidents${isAll ? ' --all' : ''} "<match>"`)}`,
        ];
  parts.stdout.write(`${lines.join('\n')}\n`);
}

function subjectLabel(config: CompiledConfig): (subject: Subject) => string {
  const [pool, cluster] = [poolLabels(config), clusterLabels(config)];
  return (subject) =>
    'pool' in subject ? pool(subject) : 'cluster' in subject ? cluster(subject) : printable(describeSubject(subject));
}

function readingOf({ clock, zone, stdout, env }: CliParts, { regions }: CompiledConfig): Reading {
  return { regions, now: clock.now(), zone, paint: makePaint(stdout, env) };
}

const order = { open: 0, pending: 1, quiet: 2 } as const;

function gravestFirst(a: IncidentRecord, b: IncidentRecord): number {
  if (a.phase !== b.phase) return order[a.phase] - order[b.phase];
  return bySeverity(a, b) || a.episode - b.episode;
}
