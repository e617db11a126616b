import * as v from 'valibot';
import { readInstant } from './instants.ts';

/**
 * What is read of the API's objects: strict for what decides (ids, names, statuses, sizes), tolerant for the rest, since
 * two generations of the service are in use and a third will come. Unknown keys are let pass. One item that cannot be
 * read makes its whole list unreadable: leaving it out would look like a deletion.
 */
const id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.:-]{0,127}$/));
const text = v.pipe(v.string(), v.nonEmpty());
const instant = v.pipe(v.optional(v.unknown(), null), v.transform(readInstant));

/** Absent and null mean "not given", which is not 0. A number, or the text of one as protobuf writes int64. */
const count = v.pipe(
  v.nullish(v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number))])),
  v.transform((value) => value ?? undefined),
  v.check((value) => value === undefined || (Number.isSafeInteger(value) && value >= 0)),
);

/** Texts, or objects that hold one; asked for and empty, or not asked for, is the same empty list. */
const errors = v.pipe(v.optional(v.unknown(), null), v.transform(readErrors));

const version = v.object({ id, version: text, eol: instant });

export const clusterShape = v.object({
  id,
  name: text,
  status: text,
  created_at: instant,
  updated_at: instant,
  version: v.fallback(v.optional(version), undefined),
  errors,
});

export const poolShape = v.object({
  id,
  name: text,
  status: text,
  autoscale: v.pipe(
    v.nullish(v.boolean(), false),
    v.transform((value) => value ?? false),
  ),
  size: count,
  size_min: count,
  size_max: count,
  created_at: instant,
  updated_at: instant,
  errors,
});

export const versionShape = version;

/** The service's own texts; an object without one is shown as it is. */
function readErrors(value: unknown): readonly string[] {
  if (value === undefined || value === null || value === '') return [];
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return list
    .slice(0, 20)
    .map(readError)
    .filter((each) => each !== '');
}

function readError(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  const { msg, message, error } = value as { readonly [key: string]: unknown };
  const said = [msg, message, error].find((each) => typeof each === 'string' && each !== '');
  return typeof said === 'string' ? said : JSON.stringify(value);
}
