import { describeSubject } from '../../decide/incidents/incident.ts';
import type { Redactor } from '../../io/redact.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Subject } from '../../model/finding.ts';
import { matchesCluster } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { compareText, listed } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { ruleNaming, ruleText } from '../pools.ts';
import { subjectJson } from '../status/status-json.ts';
import { ago, dateAndTime, localInstant, localInstants, rfc3339 } from '../text/instant.ts';
import { inRegion, regionOf, shortId } from '../text/labels.ts';
import { colourOf, type Paint } from '../text/paint.ts';
import { instantJson, renderTable } from '../text/table.ts';
import type { IncidentView, Message, ToldDestination } from './incident-view.ts';

export type Reading = Pick<CompiledConfig, 'regions'> & {
  readonly now: EpochMs;
  readonly zone: string;
  readonly paint: Paint;
};

/** One incident for people: how bad, what, since when, who was told. */
export function incidentText({ record, told }: IncidentView, reading: Reading): readonly string[] {
  const { now, zone, paint } = reading;
  const { key, kind, subject, severity, phase, text, fix, flapping, silenced, cause, endedAt } = record;
  const since = sinceOf(record);
  const names = told.map(nameOf).join(', ');
  return [
    `${colourOf(severity, paint)(severity)} ${kind}${inRegion(reading, regionOf(subject))} ${shortId(key)}${stateOf(phase)}, since ${localInstant(since, zone)}, ${ago(since, now)}`,
    `  ${localInstants(printable(text), zone, now)}`,
    ...(fix === undefined || phase === 'quiet' ? [] : [`  to do: ${localInstants(printable(fix), zone, now)}`]),
    ...(flapping ? ['  it comes and goes'] : []),
    ...(endedAt === undefined || phase !== 'quiet' ? [] : [`  ended ${ago(endedAt, now)}: ${cause ?? 'recovered'}`]),
    ...(silenced === undefined ? [] : [`  ${localInstants(printable(silenced), zone, now)}`]),
    ...(phase === 'open' ? [`  told: ${names === '' ? 'nobody' : names}`] : []),
  ];
}

/** Of a large fleet, one entry for what is the same of the pools and clusters of one rule. */
export function groupedText(views: readonly IncidentView[], reading: Grouping): readonly string[] {
  const groups = Map.groupBy(views, ({ record: { severity, kind, phase, subject, key } }) =>
    JSON.stringify([severity, kind, phase, ruleOf(subject, reading) ?? key]),
  );
  return [...groups.values()].flatMap((some) => {
    const [view] = some;
    if (view === undefined) return [];
    return some.length === 1 ? incidentText(view, reading) : groupText(view, some, reading);
  });
}

type Grouping = Reading & Pick<CompiledConfig, 'rules'> & { readonly label: (subject: Subject) => string };

const mostNamed = 3;

function groupText({ record }: IncidentView, some: readonly IncidentView[], reading: Grouping): readonly string[] {
  const { severity, kind, subject, phase } = record;
  const { now, zone, paint, label } = reading;
  const since = Math.min(...some.map((view) => sinceOf(view.record)));
  const named = some.map((view) => label(view.record.subject)).toSorted(compareText);
  const told = Map.groupBy(
    some.flatMap((view) => view.told),
    nameOf,
  );
  const names = [...told].map(([name, times]) => `${name}${times.length === some.length ? '' : ` (${times.length})`}`);
  return [
    `${colourOf(severity, paint)(severity)} ${kind}${stateOf(phase)}, ${some.length} times, of rule ${ruleOf(subject, reading) ?? ''}, the longest since ${localInstant(since, zone)}, ${ago(since, now)}`,
    `  ${listed(named, mostNamed)}`,
    `  such as: ${localInstants(printable(record.text), zone, now)}`,
    ...(phase === 'open' ? [`  told: ${names.length === 0 ? 'nobody' : names.join(', ')}`] : []),
  ];
}

/** The first rule that names it; undefined where it is about a whole region or the config. */
function ruleOf(subject: Subject, { rules }: Grouping): string | undefined {
  if (!('cluster' in subject)) return undefined;
  const names = { region: subject.region, cluster: subject.cluster };
  const rule =
    'pool' in subject
      ? ruleNaming(rules, { ...names, pool: subject.pool })
      : rules.find(({ match }) => matchesCluster(match, names));
  return rule && ruleText(rule);
}

function sinceOf({ since, episode }: IncidentView['record']): EpochMs {
  return Math.min(since ?? episode, episode);
}

function stateOf(phase: IncidentView['record']['phase']): string {
  return phase === 'open' ? '' : phase === 'pending' ? ', not sent yet' : ', over';
}

function nameOf({ destination, state }: ToldDestination): string {
  if (state === 'sent') return destination;
  return `${destination} (${state === 'waiting' ? 'waits in the outbox' : 'refused, parked'})`;
}

/** What was said about it and what was not, with reasons. */
export function whyText(
  { notTold }: IncidentView,
  messages: readonly Message[],
  { zone, clean }: { readonly zone: string; readonly clean: Redactor['clean'] },
): readonly string[] {
  const listed = (rows: readonly (readonly string[])[]) => renderTable(rows, clean).map((line) => `  ${line}`);
  const said = messages.map(({ at, what, destination, state, reason }) => {
    const why = reason === undefined ? '' : ` (${localInstants(printable(reason), zone, at)})`;
    return [dateAndTime(at, zone), `${what} to ${destination}: ${state}${why}`];
  });
  const unsaid = notTold.map(({ at, what, destination, reason }) => {
    const to = destination === undefined ? '' : ` to ${destination}`;
    return [dateAndTime(at, zone), `${what} not sent${to}: ${localInstants(printable(reason), zone, at)}`];
  });
  return [
    `  sent (${zone}):${said.length === 0 ? ' nothing (or no longer stored)' : ''}`,
    ...listed(said),
    `  not sent:${unsaid.length === 0 ? ' none' : ''}`,
    ...listed(unsaid),
  ];
}

/** The machine-readable form of an incident (docs/json.md). */
export function incidentJson({ record, told }: IncidentView): object {
  const { key, kind, severity, worst, phase, subject, text, fix, flapping, silenced, cause } = record;
  return {
    id: shortId(key),
    kind,
    phase: phase === 'quiet' ? 'over' : phase,
    severity,
    worst,
    about: describeSubject(subject),
    ...subjectJson(subject),
    text,
    fix: fix ?? null,
    since: rfc3339(sinceOf(record)),
    openedAt: instantJson(record.openedAt),
    endedAt: instantJson(record.endedAt),
    cause: cause ?? null,
    flapping,
    silenced: silenced ?? null,
    told: told.map(({ destination, at, state }) => ({ destination, at: rfc3339(at), state })),
  };
}

/** The same with every message and every decision not to tell. */
export function whyJson(view: IncidentView, messages: readonly Message[]): object {
  return {
    ...incidentJson(view),
    messages: messages.map(({ at, what, destination, state, reason }) => {
      return { at: rfc3339(at), what, destination, state, reason: reason ?? null };
    }),
    notTold: view.notTold.map(({ at, what, destination, reason }) => {
      return { at: rfc3339(at), what, destination: destination ?? null, reason };
    }),
  };
}
