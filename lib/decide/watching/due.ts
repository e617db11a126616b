import { stepOf } from '../incidents/ladder.ts';
import type { Due } from '../incidents/observation.ts';
import type { EpochMs } from '../model.ts';
import type { DueMemory } from './pass.ts';

const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;

export type DateRead = { readonly of: string; readonly date: EpochMs | undefined };

/**
 * The date that counts after this reading. A first date counts at once; a changed one when it was read twice, at least
 * an hour apart. It re-arms the steps that are still ahead of it if it moved by a week or belongs to something else.
 */
export function advanceDue(memory: DueMemory | undefined, read: DateRead, now: EpochMs): DueMemory | undefined {
  if (memory === undefined) {
    return read.date === undefined ? undefined : { of: read.of, date: read.date, armedAt: now };
  }
  const { candidate, ...standing } = memory;
  const isSameThing = read.of === memory.of;
  if (isSameThing && read.date === undefined) return memory;
  if (isSameThing && read.date === memory.date) return standing;
  const isSecond = candidate !== undefined && candidate.of === read.of && candidate.date === read.date;
  if (!isSecond) return { ...standing, candidate: { ...dated(read), at: now } };
  return now - candidate.at >= hourMs ? moved(standing, read, now) : memory;
}

/** The date as the ladder takes it; undefined while it is unknown. */
export function dueOf(memory: DueMemory, words: Pick<Due, 'what' | 'ifReplaced' | 'fix' | 'facts'>): Due | undefined {
  const { of, date, armedAt, below } = memory;
  return date === undefined ? undefined : { of, date, armedAt, below, ...words };
}

function moved(standing: DueMemory, read: DateRead, now: EpochMs): DueMemory {
  const isFar = Math.abs((read.date ?? 0) - (standing.date ?? 0)) >= weekMs;
  if (!isFar && read.of === standing.of) return { ...standing, ...dated(read) };
  const below = read.date === undefined ? undefined : stepOf(read.date, now);
  return { ...dated(read), armedAt: now, ...(below !== undefined && { below }) };
}

function dated({ of, date }: DateRead): { readonly of: string; readonly date?: EpochMs } {
  return date === undefined ? { of } : { of, date };
}
