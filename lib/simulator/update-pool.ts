import { type EpochMs, minuteMs } from '../model/time.ts';
import { startResize } from './activities.ts';
import { isBusy } from './api-json.ts';
import { moveAutoscaledPool } from './autoscaler.ts';
import { draw } from './chance.ts';
import { changePool } from './past-answers.ts';
import { type Refusal, refusals } from './reply.ts';
import type { Behaviour, Label, Taint, WorldPool, WorldState } from './world-model.ts';

type Sizes = Pick<WorldPool, 'size' | 'sizeMin' | 'sizeMax' | 'autoscale'>;

/** What a PUT of a pool does, for the API and for people alike; undefined = done. */
export function updatePool(
  state: WorldState,
  pool: WorldPool,
  fields: PoolFields,
  at: EpochMs = state.at,
): Refusal | undefined {
  moveAutoscaledPool(state, pool);
  if (isBusy(pool.cluster)) return busy(state.behaviour);
  const sizes = nextSizes(state, pool, fields);
  const isSame = sameSizes(pool, sizes);
  if (!isSame && asksForZero(pool, sizes)) {
    if (state.behaviour.zero === 'refuse') return refusals.invalid('size must be greater than 0');
    if (state.behaviour.zero === 'ignore') return undefined;
  }
  const refusal = refuseBounds(sizes) ?? refuseSize(state, pool, sizes) ?? refuseQuota(state, pool, sizes);
  if (refusal !== undefined) return refusal;
  changeTexts(state, pool, fields, at);
  if (!isSame || state.behaviour.unchangedPutScales) {
    startResize(state, pool, at, minutesFor(state.behaviour, pool, sizes), () => {
      if (sizes.autoscale && leastNodes(sizes) > pool.size) pool.nodesFrom = at + nodesDelayMs(state, pool, at);
      Object.assign(pool, sizes);
    });
  }
  return undefined;
}

export function busy(behaviour: Behaviour): Refusal {
  return { status: behaviour.busy.httpStatus, code: behaviour.busy.code, message: 'cluster is busy' };
}

/**
 * An autoscaled pool's size is its autoscaler's, unless the service judges what is sent. A bound that is absent stays so
 * when 0 is sent for it: some clients cannot tell the two apart.
 */
function nextSizes({ behaviour }: WorldState, pool: WorldPool, fields: PoolFields): Sizes {
  const autoscale = fields.autoscale ?? pool.autoscale;
  const isItsOwn = autoscale && behaviour.sizeOutsideBounds === 'accept';
  return {
    autoscale,
    size: isItsOwn ? pool.size : (fields.size ?? pool.size),
    sizeMin: nextBound(pool.sizeMin, fields.sizeMin, autoscale),
    sizeMax: nextBound(pool.sizeMax, fields.sizeMax, autoscale),
  };
}

function nextBound(current: number | undefined, given: number | undefined, autoscale: boolean): number | undefined {
  return given === undefined || (given === 0 && current === undefined && !autoscale) ? current : given;
}

function sameSizes(a: Sizes, b: Sizes): boolean {
  return a.size === b.size && sameBounds(a, b);
}

function sameBounds(a: Sizes, b: Sizes): boolean {
  return a.sizeMin === b.sizeMin && a.sizeMax === b.sizeMax && a.autoscale === b.autoscale;
}

function asksForZero(pool: WorldPool, sizes: Sizes): boolean {
  if (sizes.autoscale) return sizes.sizeMin === 0 && pool.sizeMin !== 0;
  return sizes.size === 0 && pool.size !== 0;
}

function refuseBounds(sizes: Sizes): Refusal | undefined {
  if (!sizes.autoscale) return undefined;
  if (sizes.sizeMax === undefined) return refusals.invalid('size_max is required when autoscale is on');
  return (sizes.sizeMin ?? 0) > sizes.sizeMax
    ? refusals.invalid('size_min must not be greater than size_max')
    : undefined;
}

/** Only where bounds change: a pool whose nodes are still to come lies outside its own. */
function refuseSize({ behaviour }: WorldState, pool: WorldPool, sizes: Sizes): Refusal | undefined {
  if (!sizes.autoscale || behaviour.sizeOutsideBounds === 'accept' || sameBounds(pool, sizes)) return undefined;
  const isWithin = sizes.size >= (sizes.sizeMin ?? 0) && sizes.size <= (sizes.sizeMax ?? Number.POSITIVE_INFINITY);
  return isWithin ? undefined : refusals.invalid('size must be between size_min and size_max');
}

/** Counts what each pool may at least have: a fixed pool's size, an autoscaled one's minimum. Lowers always fit. */
function refuseQuota(state: WorldState, pool: WorldPool, sizes: Sizes): Refusal | undefined {
  const limit = state.quotaNodes;
  const more = leastNodes(sizes) - leastNodes(pool);
  if (limit === undefined || more <= 0) return undefined;
  let nodes = more;
  for (const cluster of state.clusters.values()) for (const other of cluster.pools.values()) nodes += leastNodes(other);
  return nodes > limit ? refusals.quota(`quota exceeded: ${nodes} nodes of ${limit}`) : undefined;
}

function leastNodes(sizes: Sizes): number {
  return sizes.autoscale ? (sizes.sizeMin ?? 0) : sizes.size;
}

/** Labels, taints and networks take effect at once. */
function changeTexts(state: WorldState, pool: WorldPool, fields: PoolFields, at: EpochMs): void {
  const { labels = pool.labels, taints = pool.taints, sharedNetworks = pool.sharedNetworks } = fields;
  const next = { labels, taints, sharedNetworks };
  const { labels: oldLabels, taints: oldTaints, sharedNetworks: oldNetworks } = pool;
  const old = { labels: oldLabels, taints: oldTaints, sharedNetworks: oldNetworks };
  if (JSON.stringify(next) !== JSON.stringify(old)) changePool(state, pool, at, () => Object.assign(pool, next));
}

function nodesDelayMs(state: WorldState, pool: WorldPool, at: EpochMs): number {
  const [from, to] = state.behaviour.nodesMinutes;
  return ((from + draw(state.seed, `${pool.id}/nodes/${at}`) * (to - from)) * minuteMs) / state.speed;
}

function minutesFor(behaviour: Behaviour, pool: WorldPool, sizes: Sizes): readonly [number, number] {
  const more = leastNodes(sizes) - leastNodes(pool);
  if (more === 0) return behaviour.boundsMinutes;
  return more > 0 ? behaviour.raiseMinutes : behaviour.lowerMinutes;
}

/** What a body may change of a pool; undefined = not given (missing or null), which never erases anything. */
export type PoolFields = {
  readonly size?: number;
  readonly sizeMin?: number;
  readonly sizeMax?: number;
  readonly autoscale?: boolean;
  readonly labels?: readonly Label[];
  readonly taints?: readonly Taint[];
  readonly sharedNetworks?: readonly string[];
};

type Body = { readonly [key: string]: unknown };

const listLimit = 50;

/** Reads a body as the service does: unknown keys are ignored, whole numbers may be strings, null means not given. */
export function readPoolFields(body: Body): { readonly fields: PoolFields } | { readonly refusal: Refusal } {
  const fields = {
    size: wholeNumber(body['size']),
    sizeMin: wholeNumber(body['size_min']),
    sizeMax: wholeNumber(body['size_max']),
    autoscale: body['autoscale'] ?? undefined,
    labels: body['labels'] ?? undefined,
    taints: body['taints'] ?? undefined,
    sharedNetworks: body['shared_networks'] ?? undefined,
  };
  const problem = findProblem(fields);
  if (problem !== undefined) return { refusal: refusals.invalid(problem) };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { fields: Object.fromEntries(given) };
}

/** NaN stands for what is given and no whole number. */
function wholeNumber(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  return typeof value === 'number' && Number.isInteger(value) ? value : Number.NaN;
}

function findProblem(fields: { readonly [name in keyof PoolFields]: unknown }): string | undefined {
  const names = { size: 'size', sizeMin: 'size_min', sizeMax: 'size_max' } as const;
  for (const key of ['size', 'sizeMin', 'sizeMax'] as const) {
    const value = fields[key];
    if (Number.isNaN(value)) return `invalid value for int32 field ${names[key]}`;
    if (typeof value === 'number' && value < 0) return `${names[key]} must not be negative`;
  }
  if (fields.autoscale !== undefined && typeof fields.autoscale !== 'boolean') {
    return 'invalid value for bool field autoscale';
  }
  if (!isListOf(fields.labels, isLabel)) return 'invalid value for field labels';
  if (!isListOf(fields.taints, isTaint)) return 'invalid value for field taints';
  return isListOf(fields.sharedNetworks, isText) ? undefined : 'invalid value for field shared_networks';
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.length <= listLimit && value.every(isItem));
}

function isLabel(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'key' in item && 'value' in item && isText(item.key);
}

function isTaint(item: unknown): boolean {
  const effects: readonly unknown[] = ['NoSchedule', 'NoExecute', 'PreferNoSchedule'];
  return isLabel(item) && effects.includes((item as { effect?: unknown }).effect);
}

function isText(item: unknown): boolean {
  return typeof item === 'string';
}
