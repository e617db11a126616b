import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import { holdsNow, isSpent, isWindowOpen, type SilenceRecord, silencedBy } from '../../decide/incidents/silence.ts';
import type { ConfiguredSilence, SourcePosition } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { because } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { localInstant } from '../text/instant.ts';
import { shortId } from '../text/labels.ts';
import { instantJson } from '../text/table.ts';

/** The silences of people that can still keep something quiet. */
export function liveSilences(
  silences: readonly SilenceRecord[],
  incidents: readonly IncidentRecord[],
  now: EpochMs,
): readonly SilenceRecord[] {
  const isOpen = (key: string, episode: EpochMs) =>
    incidents.some((record) => record.key === key && record.episode === episode && record.phase === 'open');
  return silences.filter((silence) => !isSpent(silence, now, isOpen));
}

/** The open incidents that this silence alone keeps quiet now. */
export function keptQuiet(
  silence: SilenceRecord,
  incidents: readonly IncidentRecord[],
  now: EpochMs,
): readonly IncidentRecord[] {
  const silences = { configured: [], asked: [silence], isWindowOpen };
  return incidents.filter((record) => record.phase === 'open' && silencedBy(silences, record, now) !== undefined);
}

/** The machine-readable form of a silence that a person asked for (docs/json.md). */
export function silenceJson({ scope, from, until, who, reason, askedAt }: SilenceRecord): object {
  return {
    match: scope.kind === 'match' ? scope.match.text : null,
    incident: scope.kind === 'incident' ? shortId(scope.key) : null,
    ...(from !== undefined && { from: instantJson(from) }),
    until: instantJson(until),
    who,
    reason: reason ?? null,
    askedAt: instantJson(askedAt),
  };
}

/** Of one that stands in the config; `now` tells whether it holds. */
export function configuredJson(silence: ConfiguredSilence, now: EpochMs): object {
  const { match, kinds, window, zone, from, until, reason, position } = silence;
  return {
    match: match.text,
    kinds: kinds ?? null,
    window: window?.text ?? null,
    timezone: window === undefined ? null : zone,
    ...(from !== undefined && { from: instantJson(from) }),
    until: instantJson(until),
    reason: reason ?? null,
    inForce: holdsNow(silence, now, isWindowOpen),
    ...(position !== undefined && { file: position.file, line: position.line }),
  };
}

export function silenceText({ scope, from, until, who, reason }: SilenceRecord, zone: string): string {
  const what = scope.kind === 'match' ? scope.match.text : `incident ${shortId(scope.key)}`;
  const end = until === undefined ? 'until it is over' : `until ${localInstant(until, zone)}`;
  const start = from === undefined ? '' : `from ${localInstant(from, zone)} `;
  return `${what} ${start}${end} by ${printable(who)}${printable(because(reason))}`;
}

export function configuredText(silence: ConfiguredSilence, now: EpochMs): string {
  const { match, kinds, window, zone, from, until, reason, position } = silence;
  const which = kinds === undefined ? '' : ` (${kinds.join(', ')})`;
  const start = from === undefined ? '' : ` from ${localInstant(from, zone)}`;
  const always = from === undefined ? ' always' : '';
  const times = window === undefined ? always : ` ${window.text} ${zone}`;
  const end = until === undefined ? '' : ` until ${localInstant(until, zone)}`;
  const state = holdsNow(silence, now, isWindowOpen) ? '' : ', not now';
  const place = position === undefined ? '' : ` (${placeText(position)})`;
  return `${match.text}${which}${times}${start}${end} by the config${place}${printable(because(reason))}${state}`;
}

export function placeText({ file, line }: SourcePosition): string {
  return `${file}:${line}`;
}
