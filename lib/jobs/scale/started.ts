import { startedNotice } from '../../decide/scaling/started.ts';
import type { Json } from '../../decide/model.ts';
import type { Plan } from '../../decide/scaling/plan.ts';
import { noticeWrite } from '../records/notice-records.ts';
import type { SeenFleet } from './observe.ts';
import type { ScaleOptions, ScaleParts } from './scale-parts.ts';

const key = { partition: 'fleet', id: 'config' };

/**
 * Says once per config what is about to happen, before the first write under it. Kept by hash, in one commit with the
 * notice: of several processes and shards one says it. Resolves to the sentence, where it was said now.
 */
export async function announceStart(
  parts: ScaleParts,
  seen: SeenFleet,
  plan: Plan,
  options: ScaleOptions,
): Promise<string | undefined> {
  if (options.only || seen.answered.size === 0) return undefined;
  const known = await parts.store.read(key);
  const value = known?.value as { readonly hash?: string } | undefined;
  if (value?.hash === parts.config.hash) return undefined;
  const notice = startedNotice(parts.config, seen.clusters, plan, parts.clock.now());
  const next: Json = { schema: 1, hash: parts.config.hash, at: notice.at };
  const outcome = await parts.store.commit([
    known
      ? { kind: 'putIfVersion', key, value: next, version: known.version }
      : { kind: 'putIfAbsent', key, value: next },
    noticeWrite(notice, parts.newId()),
  ]);
  if (outcome.kind !== 'committed') return undefined;
  parts.log.info(notice.text, { notice: 'started' });
  return notice.text;
}
