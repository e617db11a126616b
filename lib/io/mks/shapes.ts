import { createHash } from 'node:crypto';
import type { InferOutput } from 'valibot';
import * as v from 'valibot';
import { shorten } from '../../decide/messages/escape.ts';
import {
  longestName,
  type ObservedCluster,
  type ObservedPool,
  type ObservedVersion,
  spellStatus,
} from '../../model/cluster.ts';
import { type Labels } from '../../model/match.ts';
import { readInstant } from './instants.ts';

/**
 * The parts of the API's objects that we read: strict for what decides (ids, names, statuses, sizes), tolerant for the
 * rest, since two generations of the service are in use. Unknown keys are ignored. One unreadable item makes its whole
 * list unreadable: skipping it would look like a deletion.
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

/** Texts, or objects that contain one; "requested and empty" and "not requested" are both the empty list. */
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
  machine_spec: v.fallback(v.optional(v.object({ name: text })), undefined),
  // Missing or unreadable labels are unknown, which is not the same as no labels.
  labels: v.fallback(
    v.optional(
      v.array(
        v.object({
          key: text,
          value: v.pipe(
            v.nullish(v.string(), ''),
            v.transform((value) => value ?? ''),
          ),
        }),
      ),
    ),
    undefined,
  ),
  errors,
});

export const versionShape = version;

/** The service's own texts; an object without one is shown as JSON. */
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

/** Removes secrets from a text from outside. */
export type Clean = (text: string) => string;

const longestStatus = 100;
const longestError = 500;

/** A cluster's data, safe to show and store: no secrets, and every text has a maximum length. */
export function toCluster(region: string, cluster: InferOutput<typeof clusterShape>, clean: Clean): ObservedCluster {
  const { status, created_at: createdAt, updated_at: updatedAt, version, errors } = cluster;
  return {
    region,
    ...identify(cluster, clean),
    status: spellStatus(cutTo(longestStatus, status, clean)),
    createdAt,
    updatedAt,
    version: version && toVersion(version, clean),
    errors: errors.map((error) => cutTo(longestError, error, clean)),
  };
}

export function toPool(pool: InferOutput<typeof poolShape>, clean: Clean): ObservedPool {
  const { status, autoscale, size, errors, labels } = pool;
  const { size_min: sizeMin, size_max: sizeMax, created_at: createdAt, updated_at: updatedAt } = pool;
  const flavor = pool.machine_spec?.name;
  return {
    ...identify(pool, clean),
    status: spellStatus(cutTo(longestStatus, status, clean)),
    autoscale,
    size,
    sizeMin,
    sizeMax,
    createdAt,
    updatedAt,
    errors: errors.map((error) => cutTo(longestError, error, clean)),
    ...(flavor !== undefined && { flavor: cutTo(longestStatus, flavor, clean) }),
    ...(labels !== undefined && { labels: toLabels(labels, clean) }),
  };
}

/** MKS keeps 50 at most (its own limit), and values of 63 characters (Kubernetes). */
function toLabels(labels: readonly { readonly key: string; readonly value: string }[], clean: Clean): Labels {
  const read = labels.map(({ key, value }) => [cutTo(longestName, key, clean), cutTo(longestName, value, clean)]);
  return Object.fromEntries(read) as Labels;
}

export function toVersion({ id, version, eol }: InferOutput<typeof versionShape>, clean: Clean): ObservedVersion {
  return { id: clean(id), version: cutTo(longestStatus, version, clean), eol };
}

const setAsidePrefix = 'unreadable-';

/** Is this our own replacement for an id that may not be shown? */
export function isSetAside(id: string): boolean {
  return id.startsWith(setAsidePrefix);
}

type Identity = { readonly id: string; readonly name: string; readonly unreadable?: string };

/** An item that cannot be named, or whose id contains a secret, is set aside, so that the others are still read. */
function identify({ id, name }: { readonly id: string; readonly name: string }, clean: Clean): Identity {
  if (clean(id) !== id) {
    const hash = createHash('sha256').update(id).digest('hex').slice(0, 16);
    return { id: `${setAsidePrefix}${hash}`, name: cutTo(60, name, clean), unreadable: 'its id holds a secret' };
  }
  if (name.length <= longestName) return { id, name: clean(name) };
  const unreadable = `its name has ${name.length} characters; the limit is ${longestName}`;
  return { id, name: cutTo(60, name, clean), unreadable };
}

/** Redacted before it is cut, never after: half a secret would not be found. */
function cutTo(length: number, text: string, clean: Clean): string {
  return shorten(clean(text), length);
}
