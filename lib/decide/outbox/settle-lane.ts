import { type DestinationKind, isKeyed } from '../../model/destination-kind.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Delivery } from '../incidents/delivery.ts';
import { type HistoryRecord, isForNobody } from './delivery-log.ts';

/** Messages that end without being sent, and why. */
export type Ended = { readonly delivery: Delivery; readonly reason: string };

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
  /** What the delivery log knows of these messages; absent = nothing. */
  readonly log?: readonly HistoryRecord[] | undefined;
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
  { retired, now, log = [] }: Telling,
): string | undefined {
  const { what, staleAt } = delivery.facts;
  if (staleAt !== undefined && now >= staleAt) return 'its time has passed';
  if (isForNobody(delivery, { log, waiting: group, retired, now })) return 'what it takes back was never sent';
  if (retired && isNew(delivery)) return 'the destination is retired';
  if (what !== 'reminder') return undefined;
  if (group.some(({ facts }) => facts.what === 'open')) return 'the first message still waits';
  return delivery === newest ? undefined : 'a newer message waits';
}

/** A correction takes back what an announcement said, as a resolve ends an open. */
function isNew({ facts, sequence }: Delivery): boolean {
  if (facts.kind === 'announcement') return sequence === 1;
  return ['update', 'reminder', 'notice'].includes(facts.what);
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
