import { type Batch, fromMember } from '../../decide/outbox/batch.ts';
import type { SenderRecord } from '../../decide/outbox/sender.ts';
import { commitChange, type Session } from './session.ts';

/** A commit takes 100 writes: the sender, the batch, and these. */
const mostPerCommit = 90;

/**
 * A batch that was refused in its plainest form becomes single messages again, in parts that each leave the outbox
 * whole; they are sent in the plainest form, and are not batched again.
 */
export async function giveBack(session: Session, batch: Batch, sender: SenderRecord): Promise<boolean> {
  const { hash } = session.parts;
  for (let rest = batch.members, current = sender; ; current = session.sender) {
    const part = rest.slice(0, mostPerCommit);
    rest = rest.slice(mostPerCommit);
    const put = part.map((member) => ({ ...fromMember(member, batch.destination, hash), plain: true }));
    const left = rest.length === 0 ? ('remove' as const) : { ...batch, members: rest, body: undefined };
    if (!(await commitChange(session, { sender: current, put, batch: left }))) return false;
    if (rest.length === 0) return true;
  }
}
