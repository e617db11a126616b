import type { HttpParts } from '../http/exchange.ts';
import { type OutgoingMessage, type Sent, sendOnce } from '../http/send-once.ts';
import type { OutgoingMail } from './smtp.ts';
import type { OutgoingNotification } from './sns.ts';

/** What goes out, by its way. */
export type Outgoing = OutgoingMessage | OutgoingMail | OutgoingNotification;

/** Sends once, never throws. What speaks another way than HTTP is loaded where it is first used. */
export async function transmit(parts: HttpParts, message: Outgoing): Promise<Sent> {
  if (!('via' in message)) return sendOnce(parts, message);
  if (message.via === 'sns') return (await import('./sns.ts')).publish(parts, message);
  return (await import('./smtp.ts')).sendMail(parts, message);
}
