import type { Delivery } from '../../decide/incidents/delivery.ts';
import { CommandError } from '../../errors.ts';
import type { Target } from '../../jobs/deliver/deliver-round.ts';
import { outboxId } from '../../jobs/records/delivery-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { JsonOption } from '../options.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { shortId } from '../text/labels.ts';
import { writeJson } from '../text/table.ts';
import { isTaken, outcomeJson, outcomeText } from './test-destination.ts';

/** Sends a message that waits or was refused once more, now, and tells what the destination answered. */
export async function retryMessage(
  parts: CliParts,
  config: CompiledConfig,
  { target, delivery }: { readonly target: Target; readonly delivery: Delivery },
  { json }: JsonOption,
): Promise<void> {
  const { openApp } = await import('../run/process-parts.ts');
  const { retryDelivery } = await import('../../jobs/deliver/outbox-by-hand.ts');
  const opened = await openApp({ ...parts, log: makeCliLog(parts, 'error') }, config);
  try {
    const outcome = await retryDelivery(opened.app.deliverParts(config), target, outboxId(delivery));
    const id = shortId(delivery.id);
    if (outcome.kind === 'refused') throw new CommandError(`The message ${id} for ${target.name}: ${outcome.reason}`);
    const { sent } = outcome;
    if (json) writeJson(parts.stdout, { kind: 'retry', id, destination: target.name, ...outcomeJson(sent) });
    else parts.stdout.write(`the message ${id} for ${target.name}: ${outcomeText(sent)}\n`);
    if (!isTaken(sent)) parts.exitWith(1);
  } finally {
    await opened.store.close();
  }
}
