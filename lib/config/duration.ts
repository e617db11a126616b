import { dayMs, hourMs, minuteMs, secondMs } from '../model/time.ts';
/**
 * A duration as people write it: whole numbers with a unit, largest unit first, combinable.
 * "30s", "5m", "2h", "3d", "1h30m". The pattern is also the one that editors check against.
 */
export const durationPattern = /^(?=\d)(?:\d{1,6}d)?(?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,9}s)?$/u;

const unitMs = { d: dayMs, h: hourMs, m: minuteMs, s: secondMs } as const;
type Unit = keyof typeof unitMs;

/** "1h30m" → 5400000; undefined where the text is no duration. */
export function parseDurationMs(text: string): number | undefined {
  if (!durationPattern.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d{1,9})([dhms])/gu)) ms += Number(count) * unitMs[unit as Unit];
  return ms;
}

/** 5400000 → "1h30m"; parts of a second are dropped. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000) * 1000);
  if (rest === 0) return '0s';
  let text = '';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / unitMs[unit]);
    rest -= count * unitMs[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

const spelledUnits: ReadonlyArray<readonly [RegExp, Unit]> = [
  [/^(?:d|days?)$/u, 'd'],
  [/^(?:h|hours?|hrs?|std)$/u, 'h'],
  [/^(?:m|min|mins|minutes?)$/u, 'm'],
  [/^(?:s|sec|secs|seconds?)$/u, 's'],
];

/** A suggestion for "30 min", "1 hour" or "1:30"; undefined = no clear meaning. */
export function suggestDuration(text: string): string | undefined {
  const clock = /^(\d{1,2}):([0-5]\d)$/u.exec(text.trim());
  if (clock) return formatDuration(Number(clock[1]) * unitMs.h + Number(clock[2]) * unitMs.m);
  const words = [
    ...text
      .trim()
      .toLowerCase()
      .matchAll(/(\d{1,9}(?:\.\d{1,9})?)\s{0,9}([a-z]{1,20})/gu),
  ];
  if (
    words.length === 0 ||
    words.map((word) => word[0]).join('') !==
      text
        .trim()
        .toLowerCase()
        .replace(/(?<!\s)\s+(?=\d)/gu, '')
  ) {
    return undefined;
  }
  let ms = 0;
  for (const [, count, word = ''] of words) {
    const unit = spelledUnits.find(([pattern]) => pattern.test(word))?.[1];
    if (unit === undefined) return undefined;
    ms += Number(count) * unitMs[unit];
  }
  return formatDuration(ms);
}
