import { type DestinationKind, isChat, isKeyed } from '../../model/destination-kind.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Delivery } from '../incidents/delivery.ts';
import { isDoubtful } from './attempt.ts';
import { type Batch, batchId, fitting, isClosed, toMember } from './batch.ts';
import { type SenderRecord, tokenAt } from './sender.ts';

export type OutboxView = {
  readonly now: EpochMs;
  readonly kind: DestinationKind;
  /** `removed`: the config no longer has it, so nothing is sent, not even resolves. */
  readonly standing: 'active' | 'retired' | 'removed';
  readonly sender: SenderRecord;
  readonly deliveries: readonly Delivery[];
  readonly batch: Batch | undefined;
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
const batchEveryMs = 5 * 60_000;

/** The next step for one destination; the same view gives the same step. */
export function nextStep(view: OutboxView): Step {
  const { batch, deliveries, standing } = view;
  if (standing === 'removed') return endAll(view, 'the destination was removed from the config');
  if (standing === 'retired' && batch !== undefined && batch.attempts === 0) {
    return { kind: 'drop-batch', batch, reason: 'the destination is retired' };
  }
  const isHeld = ({ doubt }: Delivery) => isDoubtful(doubt, view.address, view.now) && view.urgent === undefined;
  const telling = { kind: view.kind, retired: standing === 'retired', isHeld, now: view.now };
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
  return [...lanes].sort((a, b) => queuedAt(a) - queuedAt(b) || order(keyOf(a), keyOf(b))).flat();
}

/**
 * While a destination fails, one message is tried at a time, in rotation, so that one bad message does not block all.
 */
function inRotation(lanes: readonly Lane[], batch: Batch | undefined, lastTried: string | undefined): Step {
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

/** Messages that end without being sent, and why. */
type Ended = { readonly delivery: Delivery; readonly reason: string };

export type SettledLane = {
  readonly ended: readonly Ended[];
  /** Deliveries that changed. */
  readonly changed: readonly Delivery[];
  /** Messages that still wait, in order. */
  readonly waiting: readonly Delivery[];
};

type Telling = {
  readonly kind: DestinationKind;
  readonly retired: boolean;
  /** May have been accepted, so it is not sent again yet. */
  readonly isHeld: (delivery: Delivery) => boolean;
  readonly now: EpochMs;
};

/** A lane: the messages about one incident for one destination, in order. */
export function lanesOf(deliveries: readonly Delivery[]): ReadonlyMap<string, readonly Delivery[]> {
  const lanes = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const lane = lanes.get(delivery.key);
    if (lane === undefined) lanes.set(delivery.key, [delivery]);
    else lane.push(delivery);
  }
  for (const lane of lanes.values()) lane.sort((a, b) => a.episode - b.episode || a.sequence - b.sequence);
  return lanes;
}

/**
 * Drops outdated messages. An incident that ends before its open is known to be accepted becomes one "resolved" with
 * the whole episode. A reminder is replaced by anything newer, and by an unsent open. Of end-date steps only the latest
 * is sent. A retired destination only gets resolves, and corrections of what was announced to it.
 */
export function settleLane(lane: readonly Delivery[], telling: Telling): SettledLane {
  const episodes = Map.groupBy(lane, ({ episode }) => episode);
  const settled = [...episodes.values()].map((group) => settleEpisode(group, lane.at(-1), telling));
  const whole = {
    ended: settled.flatMap(({ ended }) => ended),
    changed: settled.flatMap(({ changed }) => changed),
    waiting: settled.flatMap(({ waiting }) => waiting),
  };
  return givenWay(whole, telling);
}

/** A message that may have been accepted and waits for hours does not delay newer ones: the newer one replaces it. */
function givenWay(settled: SettledLane, { isHeld }: Telling): SettledLane {
  const { ended, changed, waiting } = settled;
  const index = waiting.findIndex((delivery) => !isHeld(delivery));
  const next = waiting[index];
  if (index < 1 || next === undefined) return settled;
  const before = waiting.slice(0, index);
  const given = before.map((delivery) => ({
    delivery,
    reason: 'it may have been accepted, and a newer message waits',
  }));
  const unchanged = changed.filter((delivery) => !before.includes(delivery) && delivery !== next);
  const told = takingPlace(next, before);
  const isChanged = told !== next || changed.includes(next);
  return {
    ended: [...ended, ...given],
    changed: isChanged ? [...unchanged, told] : unchanged,
    waiting: [told, ...waiting.slice(index + 1)],
  };
}

/** If the open may not have been accepted, the next update serves as the open. */
function takingPlace(next: Delivery, before: readonly Delivery[]): Delivery {
  const own = before.filter(({ episode }) => episode === next.episode);
  if (own.length === 0) return next;
  const isFirst = next.facts.what === 'update' && own.some(({ facts }) => facts.what === 'open');
  return { ...next, maybeAccepted: true, ...(isFirst && { facts: { ...next.facts, what: 'open' } }) };
}

function settleEpisode(group: readonly Delivery[], newest: Delivery | undefined, telling: Telling): SettledLane {
  const open = group.find(({ facts }) => facts.what === 'open');
  const resolve = group.findLast(({ facts }) => facts.what === 'resolve');
  if (open !== undefined && resolve !== undefined) return absorb(group, resolve, telling);
  const unwanted = group.flatMap((delivery) => {
    const reason = uselessBecause(delivery, group, newest, telling);
    return reason === undefined ? [] : [{ delivery, reason }];
  });
  const useless = new Set(unwanted.map(({ delivery }) => delivery));
  return climbed({ ended: unwanted, changed: [], waiting: group.filter((delivery) => !useless.has(delivery)) });
}

/**
 * The resolve holds the whole episode. A keyed or retired destination gets it only if an attempt may have been
 * accepted: PagerDuty drops a resolve without an alert, and a retired destination must not hear about new incidents.
 */
function absorb(group: readonly Delivery[], resolve: Delivery, { kind, retired }: Telling): SettledLane {
  const others = group.filter((delivery) => delivery !== resolve);
  const isMaybeTold = group.some(({ maybeAccepted }) => maybeAccepted);
  const ended = others.map((delivery) => ({ delivery, reason: 'it was over before this was sent' }));
  if (!isMaybeTold && (isKeyed(kind) || retired)) {
    const reason = 'nothing was sent before, so there is no end to send';
    return { ended: [...ended, { delivery: resolve, reason }], changed: [], waiting: [] };
  }
  if (isMaybeTold || resolve.untold) return { ended, changed: [], waiting: [resolve] };
  const story = { ...resolve, untold: true } as const;
  return { ended, changed: [story], waiting: [story] };
}

function uselessBecause(
  delivery: Delivery,
  group: readonly Delivery[],
  newest: Delivery | undefined,
  { retired, now }: Telling,
): string | undefined {
  const { what, staleAt } = delivery.facts;
  if (staleAt !== undefined && now >= staleAt) return 'its time has passed';
  if (retired && isNew(delivery, group)) return 'the destination is retired';
  if (what !== 'reminder') return undefined;
  if (group.some(({ facts }) => facts.what === 'open')) return 'the first message still waits';
  return delivery === newest ? undefined : 'a newer message waits';
}

/** A correction takes back what an announcement said, as a resolve ends an open; if that one was not sent, it is new. */
function isNew({ facts, sequence }: Delivery, group: readonly Delivery[]): boolean {
  if (facts.kind !== 'announcement') return ['update', 'reminder', 'notice'].includes(facts.what);
  return sequence === 1 || group.some((other) => other.sequence === 1 && !other.maybeAccepted);
}

/** Earlier steps of an end date that were never tried are replaced by the latest, which then is the open. */
function climbed(settled: SettledLane): SettledLane {
  const { waiting } = settled;
  const latest = waiting.at(-1);
  if (latest === undefined || !isLadderStep(latest) || waiting.length < 2) return settled;
  const before = waiting.slice(0, -1);
  if (!before.every((delivery) => isLadderStep(delivery) && delivery.attempts === 0)) return settled;
  const ended = before.map((delivery) => ({ delivery, reason: 'a later step waits' }));
  const isFirst = before.some(({ facts }) => facts.what === 'open');
  const told: Delivery = isFirst ? { ...latest, facts: { ...latest.facts, what: 'open' } } : latest;
  return { ended: [...settled.ended, ...ended], changed: isFirst ? [told] : [], waiting: [told] };
}

function isLadderStep({ facts }: Delivery): boolean {
  const isLadder = facts.kind === 'version.eol' || facts.kind === 'token.expiry';
  return isLadder && (facts.what === 'open' || facts.what === 'update');
}
