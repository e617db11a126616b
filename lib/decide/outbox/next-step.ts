import { type DestinationKind, isChat } from '../../model/destination-kind.ts';
import { compareText } from '../../model/text.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import type { Delivery } from '../incidents/delivery.ts';
import { type Batch, batchId, fitting, isClosed, toMember } from './batch.ts';
import type { HistoryRecord } from './delivery-log.ts';
import { isDoubtful } from './retry.ts';
import { type SenderRecord, tokenAt } from './sender.ts';
import { type Ended, lanesOf, type SettledLane, settleLane } from './settle-lane.ts';

export type OutboxView = {
  readonly now: EpochMs;
  readonly kind: DestinationKind;
  /** `removed`: the config no longer has it, so nothing is sent, not even resolves. */
  readonly standing: 'active' | 'retired' | 'removed';
  readonly sender: SenderRecord;
  readonly deliveries: readonly Delivery[];
  readonly batch: Batch | undefined;
  /** What the delivery log knows of announcements whose corrections wait; absent = nothing. */
  readonly log?: readonly HistoryRecord[] | undefined;
  /** Fingerprint of the current address and secrets; undefined = they cannot be read. */
  readonly address: string | undefined;
  /** An incident's key, chosen by a person: only its message is sent, and now, whatever the back-off. */
  readonly urgent?: string;
};

export type Step =
  /** Before sending: which messages are dropped, and which are changed. */
  | { readonly kind: 'tidy'; readonly ended: readonly Ended[]; readonly changed: readonly Delivery[] }
  | { readonly kind: 'drop-batch'; readonly batch: Batch; readonly reason: string }
  /** A batch that may have been accepted has to wait, and would delay others: its members wait as single messages. */
  | { readonly kind: 'unfold'; readonly batch: Batch }
  | { readonly kind: 'join'; readonly members: readonly Delivery[] }
  | { readonly kind: 'send'; readonly delivery: Delivery }
  | { readonly kind: 'send-batch'; readonly batch: Batch }
  | { readonly kind: 'wait'; readonly until: EpochMs }
  | { readonly kind: 'done' };

/** In a chat, more messages than this become one. */
const mostSingles = 5;
/** One commit takes 100 writes: these deletes, the batch, the sender, and two spare. */
const mostPerCommit = 96;
const batchEveryMs = 5 * minuteMs;

/** The next step for one destination; the same view gives the same step. */
export function nextStep(view: OutboxView): Step {
  const { batch, deliveries, standing } = view;
  if (standing === 'removed') return endAll(view, 'the destination was removed from the config');
  if (standing === 'retired' && batch !== undefined && batch.attempts === 0) {
    return { kind: 'drop-batch', batch, reason: 'the destination is retired' };
  }
  const isHeld = ({ doubt }: Delivery) => isDoubtful(doubt, view.address, view.now) && view.urgent === undefined;
  const telling = { kind: view.kind, retired: standing === 'retired', isHeld, log: view.log, now: view.now };
  const lanes = [...lanesOf(deliveries).values()].map((lane) => settleLane(lane, telling));
  const unsettled = lanes.filter(({ ended, changed }) => ended.length + changed.length > 0);
  if (unsettled.length > 0) return tidy(unsettled);
  if (view.urgent !== undefined) return sendUrgent(view, lanes, view.urgent);
  return sendOrWait(view, sendable(lanes, view));
}

function sendUrgent(view: OutboxView, lanes: readonly SettledLane[], urgent: string): Step {
  const [delivery] = lanes.find(({ waiting }) => waiting[0]?.key === urgent)?.waiting ?? [];
  if (delivery !== undefined) return paced(view, { kind: 'send', delivery });
  const { batch } = view;
  const isInBatch = batch?.members.some(({ key }) => key === urgent) ?? false;
  return batch !== undefined && isInBatch ? paced(view, { kind: 'send-batch', batch }) : { kind: 'done' };
}

function endAll({ batch, deliveries }: OutboxView, reason: string): Step {
  if (batch !== undefined) return { kind: 'drop-batch', batch, reason };
  if (deliveries.length === 0) return { kind: 'done' };
  return tidy(deliveries.map((delivery) => ({ ended: [{ delivery, reason }], changed: [], waiting: [] })));
}

/**
 * Whole lanes, as many as one commit takes: each end is a delete and a record in the delivery log. The next step takes
 * the rest.
 */
function tidy(lanes: readonly SettledLane[]): Step {
  const ended: Ended[] = [];
  const changed: Delivery[] = [];
  for (const lane of lanes) {
    const writes = 2 * (ended.length + lane.ended.length) + changed.length + lane.changed.length;
    if (writes > mostPerCommit && ended.length > 0) break;
    ended.push(...lane.ended.slice(0, mostPerCommit / 2 - 1));
    changed.push(...lane.changed);
  }
  return { kind: 'tidy', ended, changed };
}

/** A lane with a message in the batch waits for the batch; a retired destination's open waits for its end. */
function sendable(lanes: readonly SettledLane[], view: OutboxView): readonly Lane[] {
  const { batch, standing, sender } = view;
  const isOpen = batch !== undefined && !isClosed(batch) && sender.failing === undefined;
  const inBatch = new Set(isOpen ? [] : batch?.members.map(({ key }) => key));
  return lanes
    .map(({ waiting }) => waiting)
    .filter((lane) => lane[0] !== undefined && !inBatch.has(lane[0].key))
    .filter((lane) => standing !== 'retired' || lane[0]?.facts.what !== 'open');
}

function sendOrWait(view: OutboxView, lanes: readonly Lane[]): Step {
  const { now, sender, batch, deliveries } = view;
  if (batch === undefined && lanes.length === 0) return { kind: 'done' };
  if (sender.nextAt > now) return { kind: 'wait', until: sender.nextAt };
  const isHeld = ({ doubt }: Pick<Delivery, 'doubt'>) => isDoubtful(doubt, view.address, now);
  if (batch !== undefined && isHeld(batch)) {
    return deliveries.length > 0 ? { kind: 'unfold', batch } : untilDue([batch]);
  }
  const due = lanes.filter(([head]) => head !== undefined && !isHeld(head));
  if (batch === undefined && due.length === 0) return untilDue(lanes.flatMap(([head]) => head ?? []));
  if (sender.failing !== undefined) return paced(view, inRotation(due, batch, sender.lastTried));
  if (batch !== undefined && isClosed(batch)) return paced(view, { kind: 'send-batch', batch });
  return sendDue(view, due);
}

type Lane = readonly Delivery[];

function untilDue(held: readonly Pick<Delivery, 'doubt'>[]): Step {
  return { kind: 'wait', until: Math.min(...held.map(({ doubt }) => doubt?.until ?? Number.POSITIVE_INFINITY)) };
}

/** Messages that may have been accepted are not batched with new ones, since their waits differ. */
function sendDue(view: OutboxView, lanes: readonly Lane[]): Step {
  const { kind, batch } = view;
  const fresh = lanes.filter(([head]) => head?.doubt === undefined);
  const isOfDoubtful = batch === undefined ? fresh.length === 0 : batch.doubt !== undefined;
  const alike = isOfDoubtful ? lanes.filter((lane) => !fresh.includes(lane)) : fresh;
  // Messages of a batch that was split up are not batched again. Announcements are sent alone, to be read before their
  // time.
  const alone = alike.filter((lane) => lane.some(({ plain, facts }) => plain || isReadWhole(facts.kind)));
  const joining = alike.filter((lane) => !alone.includes(lane));
  const count = joining.reduce((sum, lane) => sum + lane.length, 0);
  const isStorm = isChat(kind) && (batch !== undefined || count > mostSingles);
  if (!isStorm) return sendOldest(view, alike);
  return alone.length > 0 ? sendOldest(view, alone) : storm(view, joining);
}

function isReadWhole(kind: Delivery['facts']['kind']): boolean {
  return kind === 'announcement' || kind === 'digest';
}

function sendOldest(view: OutboxView, lanes: readonly Lane[]): Step {
  const [delivery] = inOrder(lanes);
  return delivery === undefined ? { kind: 'done' } : paced(view, { kind: 'send', delivery });
}

function paced({ sender, kind, now }: OutboxView, step: Step): Step {
  const at = tokenAt(sender.bucket, kind, now);
  return at > now ? { kind: 'wait', until: at } : step;
}

/** Moves whole lanes into the batch, in order, until it is full or none is left; then the batch is sent. */
function storm(view: OutboxView, lanes: readonly Lane[]): Step {
  const { batch, sender, now } = view;
  const due = (sender.lastBatchAt ?? Number.NEGATIVE_INFINITY) + batchEveryMs;
  if (batch === undefined && due > now) return { kind: 'wait', until: due };
  const candidates = inOrder(lanes);
  const count = fitting(batch ?? { members: [] }, candidates.map(toMember), mostPerCommit);
  if (count > 0) return { kind: 'join', members: candidates.slice(0, count) };
  return batch === undefined ? sendOldest(view, lanes) : paced(view, { kind: 'send-batch', batch });
}

/** Oldest lanes first, each in its own order. */
function inOrder(lanes: readonly Lane[]): readonly Delivery[] {
  const queuedAt = (lane: Lane) => lane[0]?.queuedAt ?? 0;
  const keyOf = (lane: Lane) => lane[0]?.key ?? '';
  return [...lanes].sort((a, b) => queuedAt(a) - queuedAt(b) || compareText(keyOf(a), keyOf(b))).flat();
}

/**
 * While a destination fails, one message is tried at a time, in rotation, so that one bad message does not block all.
 */
function inRotation(lanes: readonly Lane[], batch: Batch | undefined, lastTried: string | undefined): Step {
  const heads = lanes.flatMap(([head]) => head ?? []);
  const names = [...heads.map(({ key }) => key), ...(batch === undefined ? [] : [batchId])].sort(compareText);
  const next = names.find((name) => lastTried !== undefined && compareText(name, lastTried) > 0) ?? names[0];
  const delivery = heads.find(({ key }) => key === next);
  if (delivery !== undefined) return { kind: 'send', delivery };
  return batch === undefined ? { kind: 'done' } : { kind: 'send-batch', batch };
}
