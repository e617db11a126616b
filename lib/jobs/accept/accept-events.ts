import { type Granted, judgeAsk, namePool } from '../../decide/intake/judge-ask.ts';
import { readEvent } from '../../decide/intake/read-event.ts';
import { type Declined, type EventAsk, type Incoming, type Reading, refuse } from '../../decide/intake/reading.ts';
import type { Clock } from '../../io/clock.ts';
import { makeTroubleLog, type TellTrouble } from '../../io/event-log.ts';
import type { Log } from '../../io/log.ts';
import type { Along } from '../../io/stores/store.ts';
import type { CompiledConfig, EventSourceConfig } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import type { Size } from '../../model/size.ts';
import { mapBounded } from '../concurrency.ts';
import type { GroupWriter } from './store-asks.ts';

export type AcceptParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Pick<CompiledConfig, 'regions' | 'rules'>;
  readonly writer: GroupWriter;
  /** Starts a round for that cluster at once. If that fails, the next tick does it. */
  readonly wake: (region: string, cluster: string) => void | Promise<void>;
  /** Called for each event that was refused or not stored; absent = each is logged. */
  readonly tell?: TellTrouble;
  /** Called for each event, with its source and outcome. */
  readonly count?: (outcome: PartOutcome['kind'], source: string) => void;
  /** The base of a pool whose rule remembers it; undefined = unknown. */
  readonly findBase?: (names: Names) => Promise<Size | undefined>;
  /** Does the fleet have this pool? undefined = no round has run yet. */
  readonly isKnownPool?: (names: Names) => Promise<boolean | undefined>;
};

/**
 * Stores what events ask for, each on its own: a bad one does not affect the others. Everything is stored when this
 * resolves, so the caller may acknowledge all but the `failed` ones. One outcome per event, in order. `along` is stored
 * with a single ask; with several or none, the caller stores it.
 */
export async function acceptEvents(
  parts: AcceptParts,
  source: EventSourceConfig,
  events: readonly Incoming[],
  along?: Along,
): Promise<readonly EventOutcome[]> {
  const now = parts.clock.now();
  const readings = events.map((event) => readSafely(source, event, now));
  const judged = await Promise.all(
    readings.map((list) => Promise.all(list.map((one) => judge(parts, source, one, now)))),
  );
  const stored = await storeGranted(
    parts,
    source,
    judged.flat().filter((one) => one.kind === 'granted'),
    judged.flat().length === 1 ? along : undefined,
  );
  const outcomes = judged.map((list) => worstOutcome(list.map((one) => outcomeOf(one, stored))));
  report(parts, source, outcomes);
  await wakeClusters(parts, judged.flat(), stored);
  return outcomes;
}

/** A bad event does not affect the others. */
function readSafely(source: EventSourceConfig, event: Incoming, now: number): readonly Reading[] {
  try {
    return readEvent(source, event, now);
  } catch {
    return [refuse('the event cannot be read')];
  }
}

type Judged = Granted | Declined | (PartOutcome & { readonly kind: 'failed' });

/** If the fleet's records cannot be read, nothing is stored, and the event may be sent again. */
async function judge(parts: AcceptParts, source: EventSourceConfig, reading: Reading, now: number): Promise<Judged> {
  if (reading.kind !== 'ask') return reading;
  try {
    return await judgeByFleet(parts, source, reading, now);
  } catch {
    return { kind: 'failed', eventId: reading.eventId, reason: 'the store could not be reached: send it again' };
  }
}

async function judgeByFleet(
  parts: AcceptParts,
  source: EventSourceConfig,
  reading: EventAsk,
  now: number,
): Promise<Granted | Declined> {
  const context = { source, config: parts.config(), now };
  const named = namePool(reading, context);
  if (named.kind !== 'named') return named;
  const { names, rule } = named;
  if ((await parts.isKnownPool?.(names)) === false) {
    return refuse(`the fleet has no pool "${names.cluster}/${names.pool}" in region ${names.region}`, reading.eventId);
  }
  const base = rule.base === 'remembered' ? await parts.findBase?.(names) : rule.base;
  return judgeAsk(reading, named, base, context);
}

/** Limits how many pools of a batch are stored at once. */
const poolsAtOnce = 16;

type Stored = ReadonlyMap<Granted, PartOutcome>;

/** Grouped by pool, each group in its own lane, so that a store error for one pool does not affect the others. */
async function storeGranted(
  parts: AcceptParts,
  source: EventSourceConfig,
  granted: readonly Granted[],
  along: Along | undefined,
): Promise<Stored> {
  const groups = [...Map.groupBy(granted, ({ names }) => JSON.stringify(names)).values()];
  const stored = new Map<Granted, PartOutcome>();
  const owner = { kind: 'event', source: source.name } as const;
  const write = async (group: readonly Granted[]) => {
    const asks = group.map(({ ask }) => ask);
    const outcomes = await parts.writer.write(owner, group[0]!.names, asks, along);
    group.forEach((one, at) =>
      stored.set(one, { eventId: one.ask.events?.[0], ...withNotes(outcomes[at]!, one.notes) }),
    );
  };
  for (let from = 0; from < groups.length; from += poolsAtOnce) {
    await Promise.all(groups.slice(from, from + poolsAtOnce).map(write));
  }
  return stored;
}

function withNotes<T extends { readonly kind: string; readonly reason?: string }>(
  outcome: T,
  notes: readonly string[],
): T {
  const reasons = [...(outcome.reason === undefined ? [] : [outcome.reason]), ...notes];
  return reasons.length === 0 ? outcome : { ...outcome, reason: reasons.join('; ') };
}

function outcomeOf(judged: Judged, stored: Stored): PartOutcome {
  return judged.kind === 'granted' ? stored.get(judged)! : judged;
}

/** Each failed event of a batch is reported: they fail for different reasons. */
function report(parts: AcceptParts, source: EventSourceConfig, outcomes: readonly EventOutcome[]): void {
  const { log, count, tell = makeTroubleLog(parts) } = parts;
  const all = outcomes.flatMap((outcome) => outcome.parts);
  for (const { kind, eventId, reason } of all) {
    count?.(kind, source.name);
    if (kind !== 'refused' && kind !== 'failed') continue;
    const what = kind === 'refused' ? 'event refused' : 'event not stored';
    tell({ what, source: source.name, event: eventId, reason: reason ?? 'for an unknown reason' });
  }
  log.debug('events accepted', { source: source.name, events: all.length });
}

/** Once per cluster with a newly stored ask. */
async function wakeClusters(parts: AcceptParts, judged: readonly Judged[], stored: Stored): Promise<void> {
  const clusters = new Map<string, Names>();
  for (const one of judged) {
    const outcome = one.kind === 'granted' ? stored.get(one) : undefined;
    const isNew = outcome?.kind === 'stored' || (outcome?.kind === 'merged' && !outcome.isHeldAlready);
    if (one.kind === 'granted' && isNew) {
      clusters.set(JSON.stringify([one.names.region, one.names.cluster]), one.names);
    }
  }
  await mapBounded([...clusters.values()], poolsAtOnce, async ({ region, cluster }) => {
    try {
      await parts.wake(region, cluster);
    } catch {
      parts.log.warn('round not started at once: the next tick does it', { region, cluster });
    }
  });
}

/**
 * The outcome of one thing that an event asked for. `stored`, `merged` (into a lease that is in force anyway): durable.
 * `unchanged`: received before, or overtaken. `ignored`: nothing to do. `refused`: would be refused again. `failed`:
 * send it again.
 */
type PartOutcome = {
  readonly kind: 'stored' | 'merged' | 'unchanged' | 'ignored' | 'refused' | 'failed';
  readonly eventId?: string | undefined;
  readonly reason?: string;
  /** For merged ones: nothing new was stored, so no round has to start. */
  readonly isHeldAlready?: boolean;
};

/**
 * The outcome of one incoming event: the most important of its parts (an Alertmanager message or a batch has several).
 */
export type EventOutcome = {
  readonly kind: PartOutcome['kind'];
  readonly reason: string | undefined;
  readonly parts: readonly PartOutcome[];
};

/** Most important first: `failed` must be sent again; stored parts count more than refused ones. */
const byGravity: readonly PartOutcome['kind'][] = ['failed', 'stored', 'merged', 'unchanged', 'refused', 'ignored'];

function worstOutcome(parts: readonly PartOutcome[]): EventOutcome {
  const kind = byGravity.find((one) => parts.some((part) => part.kind === one)) ?? 'ignored';
  return { kind, reason: parts.find((part) => part.kind === kind)?.reason, parts };
}
