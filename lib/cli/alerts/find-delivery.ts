import { sha256 } from '../../app.ts';
import { withConfig } from '../../decide/command-hint.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { Delivery } from '../../decide/incidents/delivery.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import { listTargets, type Target } from '../../jobs/deliver/targets.ts';
import { listParked, loadOutbox } from '../../jobs/records/delivery-records.ts';
import { shortId, standsFor } from './short-id.ts';

export type FoundDelivery = { readonly target: Target; readonly delivery: Delivery };

/** The delivery that waits or is parked under the beginning of this id. Throws CommandError or UsageError. */
export async function findDelivery(store: Store, config: CompiledConfig, text: string): Promise<FoundDelivery> {
  const found: FoundDelivery[] = [];
  for (const target of await listTargets({ store, config, hash: sha256 })) {
    const { deliveries } = await loadOutbox(store, target.id);
    const parked = await listParked(store, target.id);
    const all = [...deliveries.map((one) => one.delivery), ...parked.map((one) => one.parked.delivery)];
    found.push(...all.filter(({ id }) => standsFor(text, id)).map((delivery) => ({ target, delivery })));
  }
  const [first, ...others] = found;
  if (first === undefined) {
    throw new CommandError(
      withConfig(config, `No message "${text}" waits by itself or is parked; see: lamplighter outbox`),
    );
  }
  if (others.length > 0) {
    throw new UsageError(`"${text}" names several: ${found.map(({ delivery }) => shortId(delivery.id)).join(', ')}`);
  }
  return first;
}
