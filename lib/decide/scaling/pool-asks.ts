import { type Ask, isLive, type Lease, type Override, type Pause } from '../asks.ts';
import { matchesPool, type Names } from '../match.ts';
import type { EpochMs } from '../model.ts';
import { describeSize } from './size.ts';

/** What is asked of one pool at this instant. */
export type PoolAsks = {
  /** The latest one asked for, where several are live. */
  readonly override: Override | undefined;
  readonly leases: readonly Lease[];
  readonly pause: Pause | undefined;
  /** Changes whenever a lease, override or pause starts, changes or ends for this pool. */
  readonly fingerprint: string;
};

const nothing: PoolAsks = { override: undefined, leases: [], pause: undefined, fingerprint: '' };

export function asksOfPool(asks: readonly Ask[], names: Names, now: EpochMs): PoolAsks {
  if (asks.length === 0) return nothing;
  let override: Override | undefined;
  let pause: Pause | undefined;
  const leases: Lease[] = [];
  for (const ask of asks) {
    if (!isLive(ask, now) || ask.region !== names.region) continue;
    if (ask.kind === 'override' && matchesPool(ask.match, names) && isLater(ask, override)) override = ask;
    if (ask.kind === 'lease' && matchesPool(ask.match, names)) leases.push(ask);
    if (ask.kind === 'pause' && isPaused(ask, names) && isLonger(ask, pause)) pause = ask;
  }
  return { override, leases, pause, fingerprint: fingerprintOf(override, leases, pause) };
}

/** Of two asked for at one instant, the greater id: the same one whatever their order. */
function isLater(ask: Override, than: Override | undefined): boolean {
  if (than === undefined || ask.askedAt !== than.askedAt) return ask.askedAt > (than?.askedAt ?? -1);
  return ask.id > than.id;
}

/** Of two that end at one instant, the greater id. */
export function isLonger(ask: Ask, than: Ask | undefined): boolean {
  if (than === undefined || ask.until !== than.until) return ask.until > (than?.until ?? -1);
  return ask.id > than.id;
}

function isPaused(pause: Pause, names: Names): boolean {
  return pause.match === undefined || matchesPool(pause.match, names);
}

/** Bounded whatever a flood of leases does: of the leases only the largest counts, and until when it lasts. */
function fingerprintOf(override: Override | undefined, leases: readonly Lease[], pause: Pause | undefined): string {
  const parts: string[] = [];
  const most = Math.max(0, ...leases.map((lease) => lease.atLeast));
  const until = Math.max(0, ...leases.filter((lease) => lease.atLeast === most).map((lease) => lease.until));
  if (most > 0) parts.push(`lease ${most} until ${until}`);
  if (override) parts.push(`override ${describeSize(override.exactly)} until ${override.until}`);
  if (pause) parts.push(`pause until ${pause.until}`);
  return parts.join(', ');
}
