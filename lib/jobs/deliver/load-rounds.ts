import { type LastRounds, lastRounds } from '../../decide/outbox/last-rounds.ts';
import { listRoundFindings } from '../records/round-findings.ts';
import { seenKey } from '../watch/seen.ts';
import type { DeliverParts } from './deliver-parts.ts';

/** When the fleet was last looked at, by either of the two that look. */
export async function loadRounds({ store, config }: Pick<DeliverParts, 'store' | 'config'>): Promise<LastRounds> {
  const seen = (await store.read(seenKey))?.value as { readonly at?: unknown } | null | undefined;
  const watchedAt = typeof seen?.at === 'number' ? seen.at : undefined;
  if (config.rules.length === 0) return { watchedAt, scaledAt: undefined };
  const regions = config.regions.map(({ name }) => name);
  const rounds = [];
  for (const region of regions) rounds.push(...(await listRoundFindings(store, region)));
  return lastRounds(watchedAt, rounds, regions);
}
