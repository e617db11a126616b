import type { Delivery } from '../incidents/delivery.ts';
import { isKeyed } from '../incidents/routing.ts';
import type { DestinationKind } from '../compiled-config.ts';

/** What ends without being sent, and why. */
export type Ended = { readonly delivery: Delivery; readonly reason: string };

export type SettledLane = {
  readonly ended: readonly Ended[];
  /** Deliveries that differ from what is stored. */
  readonly changed: readonly Delivery[];
  /** What still waits, in order. */
  readonly waiting: readonly Delivery[];
};

type Telling = { readonly kind: DestinationKind; readonly retired: boolean };

/** One lane is one incident at one destination, in the order in which things were said. */
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
 * What need not be said any more is not said: an incident that ends before its open is known to be accepted becomes one
 * "resolved" with the whole story; a reminder gives way to anything newer and to the open itself; of a ladder only the
 * latest step is told; a retired destination hears nothing but the end of what it was told.
 */
export function settleLane(lane: readonly Delivery[], telling: Telling): SettledLane {
  const episodes = Map.groupBy(lane, ({ episode }) => episode);
  const settled = [...episodes.values()].map((group) => settleEpisode(group, lane.at(-1), telling));
  return {
    ended: settled.flatMap(({ ended }) => ended),
    changed: settled.flatMap(({ changed }) => changed),
    waiting: settled.flatMap(({ waiting }) => waiting),
  };
}

function settleEpisode(group: readonly Delivery[], newest: Delivery | undefined, telling: Telling): SettledLane {
  const open = group.find(({ facts }) => facts.what === 'open');
  const resolve = group.findLast(({ facts }) => facts.what === 'resolve');
  if (open !== undefined && resolve !== undefined) return absorb(group, resolve, telling);
  const unwanted = group.flatMap((delivery) => {
    const reason = uselessBecause(delivery, open, newest, telling);
    return reason === undefined ? [] : [{ delivery, reason }];
  });
  const useless = new Set(unwanted.map(({ delivery }) => delivery));
  return climbed({ ended: unwanted, changed: [], waiting: group.filter((delivery) => !useless.has(delivery)) });
}

/**
 * The resolve tells the whole story. A keyed destination, and a retired one, hear it only if an attempt may have been
 * accepted: PagerDuty drops a resolve without an alert, and nobody is to be told of something new.
 */
function absorb(group: readonly Delivery[], resolve: Delivery, { kind, retired }: Telling): SettledLane {
  const others = group.filter((delivery) => delivery !== resolve);
  const isMaybeTold = group.some(({ maybeAccepted }) => maybeAccepted);
  const ended = others.map((delivery) => ({ delivery, reason: 'it was over before this was told' }));
  if (!isMaybeTold && (isKeyed(kind) || retired)) {
    const reason = 'nothing was told, so there is nothing to end';
    return { ended: [...ended, { delivery: resolve, reason }], changed: [], waiting: [] };
  }
  if (isMaybeTold || resolve.untold) return { ended, changed: [], waiting: [resolve] };
  const story = { ...resolve, untold: true } as const;
  return { ended, changed: [story], waiting: [story] };
}

function uselessBecause(
  delivery: Delivery,
  open: Delivery | undefined,
  newest: Delivery | undefined,
  { retired }: Telling,
): string | undefined {
  const { what } = delivery.facts;
  if (retired && (what === 'update' || what === 'reminder' || what === 'notice')) return 'the destination is retired';
  if (what !== 'reminder') return undefined;
  if (open !== undefined) return 'the message it reminds of still waits itself';
  return delivery === newest ? undefined : 'something newer waits';
}

/** A ladder's earlier steps that were never tried give way to the latest, which then is the first word. */
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
