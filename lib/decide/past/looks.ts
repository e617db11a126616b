import { type EpochMs, isOverdue } from '../../model/time.ts';

export type Gap = readonly [from: EpochMs, to: EpochMs];

/** What a round leaves behind about its own past; each part of a large fleet has its own. */
export type Looks = {
  /** Since when the past is written down. */
  readonly since?: EpochMs;
  /** The last round whose list of clusters was answered. */
  readonly answeredAt?: EpochMs;
  /** The last one that could read all that it wanted to. */
  readonly wholeAt?: EpochMs;
  /** The last 20 stretches in which nobody looked, oldest first. */
  readonly gaps?: readonly Gap[];
};

const mostGaps = 20;

/** Nobody looked between two answered rounds of which the later was overdue. */
export function nextLooks(
  before: Looks | undefined,
  round: { readonly at: EpochMs; readonly isAnswered: boolean; readonly isWhole: boolean },
  everyMs: number,
): Looks {
  const { at, isAnswered, isWhole } = round;
  const { since = at, answeredAt, wholeAt, gaps = [] } = before ?? {};
  const isGap = isAnswered && answeredAt !== undefined && isOverdue(answeredAt, everyMs, at);
  return {
    since,
    ...maybe('answeredAt', isAnswered ? at : answeredAt),
    ...maybe('wholeAt', isWhole ? at : wholeAt),
    ...maybe(
      'gaps',
      isGap ? [...gaps, [answeredAt, at] as const].slice(-mostGaps) : gaps.length > 0 ? gaps : undefined,
    ),
  };
}

/** Each stretch once, in order of time, where several parts or regions have gaps of their own. */
export function joinGaps(gaps: readonly Gap[]): readonly Gap[] {
  const joined: [EpochMs, EpochMs][] = [];
  for (const [from, to] of gaps.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** What of them lies in [from, to). */
export function clampGaps(gaps: readonly Gap[], from: EpochMs, to: EpochMs): readonly Gap[] {
  return gaps.map(([a, b]) => [Math.max(a, from), Math.min(b, to)] as const).filter(([a, b]) => b > a);
}

function maybe<K extends string, T>(key: K, value: T | undefined): { readonly [key in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: T });
}
