import type { Delivery } from '../../decide/incidents/delivery.ts';
import type { HistoryRecord } from '../../decide/outbox/delivery-log.ts';
import { isFailure } from '../../decide/outbox/outcome.ts';
import { minuteMs } from '../../model/time.ts';
import { listHistory } from '../records/delivery-records.ts';
import { listTargets } from './deliver-alerts.ts';
import type { DeliverParts, DestinationReport, Target } from './deliver-round.ts';
import { anotherSender, deliverTo } from './deliver-to.ts';

/** A message that waits in the outbox. */
export type Waiting = Pick<Delivery, 'key' | 'episode' | 'sequence'>;

/** How it ended, or that it still waits; the reason is this attempt's answer. */
export type SendOutcome = {
  readonly state: HistoryRecord['state'] | 'waiting';
  readonly reason: string | undefined;
};

/** Longer than a lock: any other sender is done by then, or dead. */
const longestMs = 100_000;
const betweenMs = 2_000;
/** Another sender's clock may differ. */
const skewMs = 10 * minuteMs;

/**
 * Sends one message at once, whatever the back-off and other waiting messages, because a person asked for it. One
 * attempt; it waits only while another sender is active. Earlier messages of its lane are sent with it.
 */
export async function sendNow(parts: DeliverParts, target: Target, message: Waiting): Promise<SendOutcome> {
  const since = parts.clock.now();
  const before = await endingsOf(parts, message, since);
  for (;;) {
    const { answer, problem } = await deliverOne(parts, target, message.key);
    const ended = (await endingsOf(parts, message, since)).find((one) => !before.some((other) => isSame(one, other)));
    if (ended !== undefined) return { state: ended.state, reason: ended.reason };
    if (answer !== undefined && isFailure(answer)) return { state: 'waiting', reason: answer.problem };
    if (parts.clock.now() - since >= longestMs) return { state: 'waiting', reason: problem ?? anotherSender };
    await parts.clock.sleep(betweenMs);
  }
}

async function deliverOne(parts: DeliverParts, { id }: Target, key: string): Promise<Partial<DestinationReport>> {
  const target = (await listTargets(parts)).find((one) => one.id === id);
  return target === undefined ? {} : deliverTo(parts, target, key);
}

/** The message may have joined a batch and ended with it: refused, and put back by hand. */
async function endingsOf({ store }: DeliverParts, message: Waiting, since: number): Promise<readonly HistoryRecord[]> {
  const { key, episode, sequence } = message;
  const history = await listHistory(store, since - skewMs);
  return history.filter(({ said }) =>
    said.some((line) => line.key === key && line.episode === episode && line.sequence === sequence),
  );
}

function isSame(a: HistoryRecord, b: HistoryRecord): boolean {
  return a.id === b.id && a.at === b.at && a.state === b.state && a.attempts === b.attempts;
}
