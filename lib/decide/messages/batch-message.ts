import { bySeverity } from '../../model/finding.ts';
import type { Batch } from '../outbox/batch.ts';
import { clean } from './escape.ts';
import { statusOf, tellDuration, tellInstants, tellTime } from './message.ts';

/** Many messages as one: a headline with counts, and a line each, the most severe first. */
export type BatchMessage = { readonly id: string; readonly title: string; readonly lines: readonly string[] };

export type ShownBatch = { readonly lines: readonly string[]; readonly more: string | undefined };

export function batchMessageOf({ id, members }: Pick<Batch, 'id' | 'members'>, zone: string): BatchMessage {
  const sorted = [...members].sort((a, b) => bySeverity(a.facts, b.facts) || a.queuedAt - b.queuedAt);
  const lines = sorted.map(({ facts }) => {
    const { what, text, since, until } = facts;
    const when =
      what === 'resolve' && until !== undefined ? `after ${tellDuration(until - since)}` : tellTime(since, zone);
    return `${statusOf(facts)}: ${tellInstants(clean(text), zone)} (${when})`;
  });
  return {
    id,
    title: `${members.length} messages at once: ${counts(sorted.map(({ facts }) => statusOf(facts)))}`,
    lines,
  };
}

/** All lines, or as many as fit and the number of the others. */
export function shrinkBatch<T>(
  message: BatchMessage,
  render: (shown: ShownBatch) => T,
  fits: (rendered: T) => boolean,
): T {
  const withLines = (count: number) => render(shownOf(message, count));
  const whole = withLines(message.lines.length);
  if (fits(whole)) return whole;
  let [low, high] = [0, message.lines.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (fits(withLines(middle))) low = middle;
    else high = middle;
  }
  return withLines(low);
}

/** The same as plain lines, not escaped yet. */
export function plainBatchLines(message: BatchMessage, { lines, more }: ShownBatch): readonly string[] {
  return [message.title, ...lines, ...(more === undefined ? [] : [more]), `id ${message.id}`];
}

function shownOf({ lines }: BatchMessage, count: number): ShownBatch {
  const rest = lines.slice(count).map((line) => line.slice(0, line.indexOf(':')));
  return {
    lines: lines.slice(0, count),
    more: rest.length === 0 ? undefined : `and ${rest.length} more (${counts(rest)})`,
  };
}

/** "3 CRITICAL, 2 Resolved". */
function counts(statuses: readonly string[]): string {
  const groups = Map.groupBy(statuses, (status) => status);
  return [...groups].map(([status, { length }]) => `${length} ${status}`).join(', ');
}
