import { type EpochMs, isOverdue } from '../../model/time.ts';

export type Gap = readonly [from: EpochMs, to: EpochMs];

/** What a round records about its own past; each part of a large fleet has its own record. */
export type Looks = {
  /** Since when the past is recorded. */
  readonly since?: EpochMs;
  /** The last round that got the list of clusters. */
  readonly answeredAt?: EpochMs;
  /** The last round that could read everything. */
  readonly wholeAt?: EpochMs;
  /** The last 20 gaps without a round, oldest first. */
  readonly gaps?: readonly Gap[];
};

const mostGaps = 20;

/** A gap lies between two answered rounds if the later one was overdue. */
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

/** Joins the gaps of several parts or regions: each stretch once, in order of time. */
export function joinGaps(gaps: readonly Gap[]): readonly Gap[] {
  const joined: [EpochMs, EpochMs][] = [];
  for (const [from, to] of gaps.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** The overlap of the gaps with [from, to). */
export function clampGaps(gaps: readonly Gap[], from: EpochMs, to: EpochMs): readonly Gap[] {
  return gaps.map(([a, b]) => [Math.max(a, from), Math.min(b, to)] as const).filter(([a, b]) => b > a);
}

function maybe<K extends string, T>(key: K, value: T | undefined): { readonly [key in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: T });
}
