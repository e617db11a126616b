import type { ClusterName, Shard } from './invoke.ts';

/** What a run of scale-pools is about; neither `only` nor `shard`: a tick, the whole fleet. */
export type ScaleRequest = {
  readonly only?: ClusterName;
  readonly shard?: Shard;
  /** GETs only, nothing stored: for a look after a deployment. */
  readonly isDryRun: boolean;
};

/** The payload of an invocation. Whatever says nothing we know is a tick; what we know and is wrong throws a TypeError. */
export function readScaleRequest(payload: unknown): ScaleRequest {
  const fields = isObject(payload) ? payload : {};
  const isDryRun = fields['dryRun'] === true;
  if (fields['only'] !== undefined) return { only: readOnly(fields['only']), isDryRun };
  if (fields['shard'] !== undefined) return { shard: readShard(fields['shard']), isDryRun };
  return { isDryRun };
}

function readOnly(value: unknown): ClusterName {
  const { region, cluster } = isObject(value) ? value : {};
  if (typeof region === 'string' && typeof cluster === 'string') return { region, cluster };
  throw new TypeError('the payload was refused: "only" must name a region and a cluster');
}

function readShard(value: unknown): Shard {
  const { index, count } = isObject(value) ? value : {};
  const isInside = isCount(index) && isCount(count) && index < count && count <= 1000;
  if (isInside) return { index, count };
  throw new TypeError('the payload was refused: "shard" must have an index below its count, at most 1,000');
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
