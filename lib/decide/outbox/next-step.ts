import type { DestinationKind } from '../compiled-config.ts';
import type { Delivery } from '../incidents/delivery.ts';
import type { EpochMs } from '../model.ts';
import { type Batch, batchId, fitting, isClosed, toMember } from './batch.ts';
import { tokenAt } from './pace.ts';
import type { SenderRecord } from './sender.ts';
import { type Ended, lanesOf, type SettledLane, settleLane } from './settle-lane.ts';

export type OutboxView = {
  readonly now: EpochMs;
  readonly kind: DestinationKind;
  /** `removed`: the config no longer names it, so nothing is owed. */
  readonly standing: 'active' | 'retired' | 'removed';
  readonly sender: SenderRecord;
  readonly deliveries: readonly Delivery[];
  readonly batch: Batch | undefined;
};

export type Step =
  /** Before anything is sent: what ends unsaid, and what says something else now. */
  | { readonly kind: 'tidy'; readonly ended: readonly Ended[]; readonly changed: readonly Delivery[] }
  | { readonly kind: 'drop-batch'; readonly batch: Batch; readonly reason: string }
  | { readonly kind: 'join'; readonly members: readonly Delivery[] }
  | { readonly kind: 'send'; readonly delivery: Delivery }
  | { readonly kind: 'send-batch'; readonly batch: Batch }
  | { readonly kind: 'wait'; readonly until: EpochMs }
  | { readonly kind: 'done' };

/** More than this many at once are one message in a chat. */
const mostSingles = 5;
/** One commit takes 100 writes: these deletes, the batch, the sender, and two to spare. */
const mostPerCommit = 96;
const batchEveryMs = 5 * 60_000;

/** The next thing to do for one destination; the same view gives the same step. */
export function nextStep(view: OutboxView): Step {
  const { batch, deliveries, standing } = view;
  if (standing === 'removed') return endAll(view, 'the destination left the config');
  if (standing === 'retired' && batch !== undefined && batch.attempts === 0) {
    return { kind: 'drop-batch', batch, reason: 'the destination is retired' };
  }
  const telling = { kind: view.kind, retired: standing === 'retired' };
  const lanes = [...lanesOf(deliveries).values()].map((lane) => settleLane(lane, telling));
  const unsettled = lanes.filter(({ ended, changed }) => ended.length + changed.length > 0);
  if (unsettled.length > 0) return tidy(unsettled);
  return sendOrWait(view, sendable(lanes, view));
}

function endAll({ batch, deliveries }: OutboxView, reason: string): Step {
  if (batch !== undefined) return { kind: 'drop-batch', batch, reason };
  if (deliveries.length === 0) return { kind: 'done' };
  return tidy(deliveries.map((delivery) => ({ ended: [{ delivery, reason }], changed: [], waiting: [] })));
}

/** Whole lanes, as many as one commit takes: each end is a delete and a record of history. The next look finds the rest. */
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

/** Lanes with something in the batch wait for it; a retired destination's open waits for its end. */
function sendable(lanes: readonly SettledLane[], view: OutboxView): readonly (readonly Delivery[])[] {
  const { batch, standing, sender } = view;
  const isOpen = batch !== undefined && !isClosed(batch) && sender.failing === undefined;
  const inBatch = new Set(isOpen ? [] : batch?.members.map(({ key }) => key));
  return lanes
    .map(({ waiting }) => waiting)
    .filter((lane) => lane[0] !== undefined && !inBatch.has(lane[0].key))
    .filter((lane) => standing !== 'retired' || lane[0]?.facts.what !== 'open');
}

function sendOrWait(view: OutboxView, lanes: readonly (readonly Delivery[])[]): Step {
  const { now, sender, kind, batch } = view;
  if (batch === undefined && lanes.length === 0) return { kind: 'done' };
  if (sender.nextAt > now) return { kind: 'wait', until: sender.nextAt };
  if (sender.failing !== undefined) return paced(view, inRotation(lanes, batch, sender.lastTried));
  if (batch !== undefined && isClosed(batch)) return paced(view, { kind: 'send-batch', batch });
  // What a batch gave back is not batched again.
  const alone = lanes.filter((lane) => lane.some(({ plain }) => plain));
  const joining = lanes.filter((lane) => !alone.includes(lane));
  const count = joining.reduce((sum, lane) => sum + lane.length, 0);
  const isStorm = isChat(kind) && (batch !== undefined || count > mostSingles);
  if (!isStorm) return sendOldest(view, lanes);
  return alone.length > 0 ? sendOldest(view, alone) : storm(view, joining);
}

function sendOldest(view: OutboxView, lanes: readonly (readonly Delivery[])[]): Step {
  const [delivery] = inOrder(lanes);
  return delivery === undefined ? { kind: 'done' } : paced(view, { kind: 'send', delivery });
}

export function isChat(kind: DestinationKind): boolean {
  return kind === 'slack' || kind === 'teams' || kind === 'discord' || kind === 'mattermost';
}

function paced({ sender, kind, now }: OutboxView, step: Step): Step {
  const at = tokenAt(sender.bucket, kind, now);
  return at > now ? { kind: 'wait', until: at } : step;
}

/** Many at once: whole lanes move into the batch in their order, until it is full or nothing is left; then it is sent. */
function storm(view: OutboxView, lanes: readonly (readonly Delivery[])[]): Step {
  const { batch, sender, now } = view;
  const due = (sender.lastBatchAt ?? Number.NEGATIVE_INFINITY) + batchEveryMs;
  if (batch === undefined && due > now) return { kind: 'wait', until: due };
  const candidates = inOrder(lanes);
  const count = fitting(batch ?? { members: [] }, candidates.map(toMember), mostPerCommit);
  if (count > 0) return { kind: 'join', members: candidates.slice(0, count) };
  return batch === undefined ? sendOldest(view, lanes) : paced(view, { kind: 'send-batch', batch });
}

/** Oldest lanes first, each in its own order. */
function inOrder(lanes: readonly (readonly Delivery[])[]): readonly Delivery[] {
  const queuedAt = (lane: readonly Delivery[]) => lane[0]?.queuedAt ?? 0;
  const keyOf = (lane: readonly Delivery[]) => lane[0]?.key ?? '';
  return [...lanes].sort((a, b) => queuedAt(a) - queuedAt(b) || order(keyOf(a), keyOf(b))).flat();
}

/** While a destination fails, one is tried at a time, each in turn: one bad message must not stand for all. */
function inRotation(
  lanes: readonly (readonly Delivery[])[],
  batch: Batch | undefined,
  lastTried: string | undefined,
): Step {
  const heads = lanes.flatMap(([head]) => head ?? []).sort((a, b) => order(a.key, b.key));
  const names = [...heads.map(({ key }) => key), ...(batch === undefined ? [] : [batchId])];
  const next = names.find((name) => lastTried !== undefined && order(name, lastTried) > 0) ?? names[0];
  const delivery = heads.find(({ key }) => key === next);
  if (delivery !== undefined) return { kind: 'send', delivery };
  return batch === undefined ? { kind: 'done' } : { kind: 'send-batch', batch };
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
