import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { Clock } from '../../io/clock.ts';
import type { NewId } from '../../io/ids.ts';
import type { Store } from '../../io/stores/store.ts';
import { noticeWrite } from '../../jobs/records/notice-records.ts';
import { listRoundFindings } from '../../jobs/records/round-findings.ts';

/** A process that was off longer than this says so once; rounds that another installation missed are judged elsewhere. */
const leastMs = 15 * 60_000;

/** When the last round in the store is older than three ticks and 15 minutes, the time in between was watched by nobody. */
export async function noticeAbsence(
  { clock, newId }: { readonly clock: Clock; readonly newId: NewId },
  store: Store,
  config: CompiledConfig,
): Promise<void> {
  const rounds = await Promise.all(config.regions.map(({ name }) => listRoundFindings(store, name)));
  const last = Math.max(...rounds.flat().map((round) => round.at));
  const now = clock.now();
  if (!Number.isFinite(last) || now - last < Math.max(3 * config.everyMs, leastMs)) return;
  const text = `Lamplighter was off from ${iso(last)} to ${iso(now)}; nothing was scaled and nothing was watched meanwhile`;
  const facts = { from: iso(last), to: iso(now) };
  await store.commit([noticeWrite({ kind: 'was-off', subject: { kind: 'fleet' }, text, at: now, facts }, newId())]);
}

function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
