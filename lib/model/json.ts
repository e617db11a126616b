export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Are both equal as JSON? Key order and undefined values do not matter. Identical objects are equal without comparing
 * them, so unchanged memories cost nothing.
 */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  for (const key of Object.keys(a)) if (!isSameJson(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

/**
 * A typed record as a value for the store. The store writes it as JSON, which omits undefined values, and refuses
 * numbers that JSON does not have; so nothing is copied here.
 */
export function asJson(value: object): Json {
  return value as Json;
}
