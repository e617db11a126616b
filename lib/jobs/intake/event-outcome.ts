/**
 * What became of one thing an event asked for. `stored`, `merged` (into a lease that is held anyway): durable.
 * `unchanged`: seen before, or overtaken. `ignored`: nothing to do. `refused`: will never be right. `failed`: send it again.
 */
export type PartOutcome = {
  readonly kind: 'stored' | 'merged' | 'unchanged' | 'ignored' | 'refused' | 'failed';
  readonly eventId?: string | undefined;
  readonly reason?: string;
  /** Of a merged one: nothing new had to be stored, so no round has to start. */
  readonly isHeldAlready?: boolean;
};

/** The outcome of one incoming event: the gravest of its parts (an Alertmanager message and a batch have several). */
export type EventOutcome = {
  readonly kind: PartOutcome['kind'];
  readonly reason: string | undefined;
  readonly parts: readonly PartOutcome[];
};

/** What matters most comes first: `failed` must be sent again; what was stored counts more than what was refused beside it. */
const byGravity: readonly PartOutcome['kind'][] = ['failed', 'stored', 'merged', 'unchanged', 'refused', 'ignored'];

export function worstOutcome(parts: readonly PartOutcome[]): EventOutcome {
  const kind = byGravity.find((one) => parts.some((part) => part.kind === one)) ?? 'ignored';
  return { kind, reason: parts.find((part) => part.kind === kind)?.reason, parts };
}
