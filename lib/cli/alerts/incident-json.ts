import { describeSubject } from '../../decide/incidents/subject.ts';
import { instantJson } from '../render/json.ts';
import { rfc3339 } from '../render/instant.ts';
import { subjectJson } from '../status/status-json.ts';
import type { IncidentView, Message } from './incident-view.ts';
import { shortId } from './short-id.ts';

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
    since: rfc3339(Math.min(record.since ?? record.episode, record.episode)),
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
