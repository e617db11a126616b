export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Do both say the same as JSON? The order of keys says nothing, and a key whose value is undefined is as good as absent.
 * What is the same object is the same without a look inside: memories that did not change cost nothing.
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
 * A typed record as the store takes it. The store writes it as JSON, where a key whose value is undefined is left out and
 * numbers that JSON cannot hold are refused: nothing is copied for that here.
 */
export function asJson(value: object): Json {
  return value as Json;
}
