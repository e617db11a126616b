import { refusals, type Refusal } from './reply.ts';
import type { Label, Taint } from './world-model.ts';

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
