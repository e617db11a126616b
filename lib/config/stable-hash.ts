import { createHash } from 'node:crypto';
import { compareText } from '../model/text.ts';

/** 16 hex characters of sha256 over JSON whose keys are sorted: equal meaning, equal hash. */
export function stableHash(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sortKeys(value)) ?? 'undefined')
    .digest('hex')
    .slice(0, 16);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => compareText(a, b)).map(([key, child]) => [key, sortKeys(child)]),
  );
}
