import type { Store } from '../../io/stores/store.ts';
import { loadAsk } from '../../jobs/records/ask-records.ts';
import { isLive, type Lease, type Override, type Pause } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { describeSize } from '../../model/size.ts';
import { because } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { localInstant } from '../text/instant.ts';
import { onceInRegions } from '../text/labels.ts';

/** What stands now under an id in these regions, and gives way to what is asked next. */
export async function findReplaced(
  store: Store,
  regions: readonly string[],
  id: string,
  now: EpochMs,
): Promise<readonly (Lease | Override)[]> {
  const stored = await Promise.all(regions.map((region) => loadAsk(store, region, id)));
  return stored.flatMap((one) => {
    const ask = one?.ask;
    return (ask?.kind === 'lease' || ask?.kind === 'override') && isLive(ask, now) ? [ask] : [];
  });
}

/** A lease gives way only to its own person's next one, an override to anybody's: so it is said whose it was. */
export function replacedNotes(
  config: Pick<CompiledConfig, 'regions'>,
  replaced: readonly (Lease | Override | Pause)[],
  zone: string,
  now?: { readonly until: EpochMs },
): readonly string[] {
  return onceInRegions(config, replaced, (ask, where) => {
    const until = `until ${localInstant(ask.until, zone)}`;
    if (ask.kind === 'pause') {
      const longer = now !== undefined && ask.until > now.until ? ', which would have lasted longer' : '';
      return `replaces the pause${where} ${until} by ${printable(`${ask.who}${because(ask.reason)}`)}${longer}`;
    }
    if (ask.kind === 'lease') return `replaces your lease of at least ${ask.atLeast}${where} ${until}`;
    return `replaces exactly ${describeSize(ask.exactly)}${where} ${until} by ${printable(ask.who)}`;
  });
}
