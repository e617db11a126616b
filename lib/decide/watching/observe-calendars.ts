import type { CompiledConfig, RemoteCalendar } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { dayMs, type EpochMs, isoDate } from '../../model/time.ts';
import type { Observation, Watched } from '../incidents/observation.ts';

/** A calendar's server may be down for a night; holidays are known months ahead. */
const staleAfterMs = dayMs;
/** Calendars compiled into functions are renewed by deploying. */
const oldAfterMs = 30 * dayMs;

/** Calendars at addresses: whether a recent copy exists. The incident of a calendar that left the config is over. */
export function observeCalendars(
  { remoteCalendars = [] }: Pick<CompiledConfig, 'remoteCalendars'>,
  incidents: readonly Watched[],
  now: EpochMs,
): readonly Observation[] {
  const kind = 'calendar.stale';
  const known = remoteCalendars.map((calendar): Observation => {
    const finding = staleCalendar(calendar, now);
    return finding === undefined
      ? { kind, subject: subjectOf(calendar), state: 'ok', at: now }
      : { kind, subject: finding.subject, state: 'bad', at: now, finding };
  });
  const names = new Set(remoteCalendars.map((calendar) => subjectOf(calendar).path));
  const left = incidents.filter(
    ({ kind: own, subject }) => own === kind && subject.kind === 'config' && !names.has(subject.path),
  );
  const cause = 'the config no longer has this calendar at an address';
  return [...known, ...left.map(({ subject }): Observation => ({ kind, subject, state: 'over', at: now, cause }))];
}

/** What is wrong with the copy of a calendar, or undefined. */
export function staleCalendar(calendar: RemoteCalendar, now: EpochMs): Finding | undefined {
  const { name, address, fetchedAt, problem } = calendar;
  const about = { kind: 'calendar.stale', subject: subjectOf(calendar), severity: 'warning' } as const;
  const why = problem === undefined ? '' : `: ${problem}`;
  const fix = 'Check its address and the network: lamplighter doctor';
  if (fetchedAt === undefined) {
    const text = `The calendar ${name} could not be fetched yet, so its days count as ordinary ones${why}`;
    return { ...about, text, fix };
  }
  const isBuiltIn = address === undefined;
  if (now - fetchedAt <= (isBuiltIn ? oldAfterMs : staleAfterMs)) return undefined;
  const facts = { fetched: isoDate(fetchedAt) };
  return isBuiltIn
    ? {
        ...about,
        text: `The calendar ${name} is compiled in as it was on ${isoDate(fetchedAt)}`,
        fix: 'Deploy again: this fetches it',
        facts,
      }
    : {
        ...about,
        text: `The calendar ${name} could not be fetched since ${isoDate(fetchedAt)}; the copy of that day is used${why}`,
        fix,
        facts,
      };
}

function subjectOf({ name }: RemoteCalendar): { readonly kind: 'config'; readonly path: string } {
  return { kind: 'config', path: `calendars.${name}` };
}
