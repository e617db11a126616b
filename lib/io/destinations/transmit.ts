import type { HttpParts } from '../http/exchange.ts';
import { type OutgoingMessage, type Sent, sendOnce } from '../http/send-once.ts';
import type { OutgoingMail } from './smtp.ts';

/** What goes out, by its way. */
export type Outgoing = OutgoingMessage | OutgoingMail;

/** Sends once, never throws. What speaks another way than HTTP is loaded where it is first used. */
export async function transmit(parts: HttpParts, message: Outgoing): Promise<Sent> {
  if (!('via' in message)) return sendOnce(parts, message);
  const { sendMail } = await import('./smtp.ts');
  return sendMail(parts, message);
}
