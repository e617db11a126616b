import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';

/** Keeps the rule book of the config in force from one round to the next: laying out schedules is dear, reading them is not. */
export type BookShelf = { kept?: { readonly hash: string; readonly madeAt: EpochMs; readonly book: RuleBook } };

/** A book remembers every cluster it was asked about, and time goes on: a new one each day. */
const keptForMs = 24 * 60 * 60_000;

export function bookFrom(shelf: BookShelf, config: CompiledConfig, now: EpochMs): RuleBook {
  const { kept } = shelf;
  if (kept && kept.hash === config.hash && Math.abs(now - kept.madeAt) < keptForMs) return kept.book;
  const book = makeRuleBook(config, now);
  shelf.kept = { hash: config.hash, madeAt: now, book };
  return book;
}
