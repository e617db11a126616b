import type * as v from 'valibot';
import { findNearest } from './did-you-mean.ts';
import type { Path } from './problem.ts';
import type { Report } from './report.ts';
import { type Shape, shapeFor } from './schema/shape.ts';

/**
 * A key that the schema does not have is refused, wherever it stands, with the key it most likely stands for.
 * Returns the value without such keys, and without lists where a map belongs, so that everything else can be judged.
 * (The schema's own check stops at the first unknown key of a map, and takes a list for a map.)
 */
export function refuseUnknownKeys(schema: v.GenericSchema, value: unknown, report: Report, path: Path = []): unknown {
  const shape = shapeFor(schema, value);
  if (typeof value !== 'object' || value === null || shape.kind === 'free') return value;
  if (Array.isArray(value)) {
    if (shape.kind !== 'list') return refuseList(report, path);
    return value.map((item, index) => refuseUnknownKeys(shape.item, item, report, [...path, index]));
  }
  return shape.kind === 'list' ? value : keepKnown(shape, value as Record<string, unknown>, report, path);
}

function refuseList(report: Report, path: Path): undefined {
  report.error(path, 'expected a map of keys, got a list', 'remove the "- " and write "key: value"');
  return undefined;
}

function keepKnown(shape: Shape, value: Record<string, unknown>, report: Report, path: Path): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const schema = schemaOf(shape, key);
    if (schema === undefined) refuse(shape, key, value, report, path);
    else {
      const kept = refuseUnknownKeys(schema, child, report, [...path, key]);
      if (kept !== undefined) known[key] = kept;
    }
  }
  return known;
}

function schemaOf(shape: Shape, key: string): v.GenericSchema | undefined {
  if (shape.kind === 'names') return key === '__proto__' ? undefined : shape.value;
  return shape.kind === 'keys' && Object.hasOwn(shape.entries, key) ? shape.entries[key] : undefined;
}

function refuse(shape: Shape, key: string, value: object, report: Report, path: Path): void {
  if (key === '<<') {
    report.unknownKey([...path, key], 'merge keys ("<<") are YAML 1.1', 'repeat the keys, or use defaults:', undefined);
    return;
  }
  const keys = shape.kind === 'keys' ? Object.keys(shape.entries) : [];
  const free = keys.filter((candidate) => !Object.hasOwn(value, candidate));
  const meant = findNearest(key, free) ?? findNearest(key, keys);
  const fix = meant === undefined ? `the keys here are: ${keys.join(', ')}` : `did you mean "${meant}"?`;
  report.unknownKey([...path, key], `unknown key "${key}"`, fix, meant);
}
