import type { Delivery } from '../../lib/decide/incidents/delivery.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { listAll } from '../../lib/jobs/records/change-record.ts';
import { listDecisions } from '../../lib/jobs/records/cluster-records.ts';
import type { CompiledConfig, DestinationConfig, Rule } from '../../lib/model/config.ts';
import { aDestination } from './destination.ts';
import { aNight, type Night, onlyClusters } from './night-app.ts';
import { aMatch, aRule, at, minute } from './scaling-world.ts';

export function aChat(name: string, patch: Partial<DestinationConfig> = {}): DestinationConfig {
  return aDestination(name, { url: { kind: 'env', name: 'CHAT_URL' }, ...patch });
}

export const announceTo = { beforeMs: 30 * minute, to: ['dev-chat'], raises: false };

export function announcing(patch: Partial<Rule> = {}): Rule {
  return aRule({ match: aMatch('dev-api/*'), base: 'remembered', announce: announceTo, ...patch });
}

/** The one cluster of the small fleet that is announced. */
export function anAnnouncedNight(
  from: string,
  config: Partial<CompiledConfig> = {},
  options: Parameters<typeof aNight>[2] = {},
): Night {
  const fleet = onlyClusters('dev-api');
  return aNight(
    at(from),
    { rules: [announcing()], destinations: [aChat('dev-chat')], ...config },
    { fleet, ...options },
  );
}

/** Whole ticks, as the single process has them, until the instant; `each` after each tick. */
export async function ticks(night: Night, until: string, each?: (now: number) => Promise<void> | void): Promise<void> {
  while (night.clock.now() < at(until)) {
    await tick(night);
    await each?.(night.clock.now());
    await night.clock.advance(night.config.everyMs);
  }
}

export async function tick(night: Night): Promise<void> {
  await night.app.scale(night.config);
  await night.app.watch(night.config);
}

export async function deliveriesIn(store: Store, kind = 'announcement'): Promise<readonly Delivery[]> {
  const names = ['dev-chat', 'ops', 'other'];
  const partitions = await Promise.all(names.map((name) => listBy(store, name)));
  return partitions
    .flat()
    .filter(({ facts }) => facts.kind === kind)
    .sort((a, b) => a.queuedAt - b.queuedAt);
}

async function listBy(store: Store, name: string): Promise<readonly Delivery[]> {
  const known = (await listAll(store, 'destinations'))
    .map(({ key }) => key.id)
    .filter((id) => id.startsWith(`${name}~`));
  const all = await Promise.all(known.map((id) => listAll(store, `outbox/${id}`)));
  return all.flat().map(({ value }) => value as unknown as Delivery);
}

/** "18:26 At 19:00 UTC, in 34 minutes: …", in the order of time. */
export async function saidOf(night: Night): Promise<readonly string[]> {
  return (await deliveriesIn(night.store)).map(({ queuedAt, facts }) => {
    return `${new Date(queuedAt).toISOString().slice(11, 16)} ${facts.text}`;
  });
}

export async function scaledReasons(night: Night): Promise<readonly string[]> {
  const decisions = await listDecisions(night.store, 'r1');
  return decisions.flatMap(({ kind, pool, reason }) => (kind === 'scale' ? [`${pool}: ${reason}`] : []));
}
