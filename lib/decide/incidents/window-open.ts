import type { Window } from '../compiled-config.ts';
import type { EpochMs } from '../model.ts';
import { makeTimeline, saysAt } from '../schedule/timeline.ts';

/** Is a silence's window open now? By the same rules as the windows of schedules, daylight saving included. */
export function isWindowOpen(window: Window, zone: string, at: EpochMs): boolean {
  const schedule = {
    name: 'silence',
    zone,
    windows: [{ ...window, size: 1 }],
    otherwise: 0,
    lead: { kind: 'none' },
    calendarDays: [],
  } as const;
  return saysAt(makeTimeline(schedule, [], at), at).includes(1);
}
