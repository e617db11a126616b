import { createHash } from 'node:crypto';
import type { InferOutput } from 'valibot';
import type { ObservedCluster, ObservedPool, ObservedVersion } from '../../decide/model.ts';
import { shorten } from '../../decide/messages/escape.ts';
import type { clusterShape, poolShape, versionShape } from './shapes.ts';

/** Takes secrets out of a text that came from outside. */
export type Clean = (text: string) => string;

/** A name of Kubernetes has at most 253 characters (RFC 1123 subdomain); MKS's own are far shorter. */
export const longestName = 253;

const longestStatus = 100;
const longestError = 500;

/** What the service says of a cluster, as it may be shown and kept: no text holds a secret, and each has a length. */
export function toCluster(region: string, cluster: InferOutput<typeof clusterShape>, clean: Clean): ObservedCluster {
  const { status, created_at: createdAt, updated_at: updatedAt, version, errors } = cluster;
  return {
    region,
    ...identify(cluster, clean),
    status: cutTo(longestStatus, status, clean),
    createdAt,
    updatedAt,
    version: version && toVersion(version, clean),
    errors: errors.map((error) => cutTo(longestError, error, clean)),
  };
}

export function toPool(pool: InferOutput<typeof poolShape>, clean: Clean): ObservedPool {
  const { status, autoscale, size, errors } = pool;
  const { size_min: sizeMin, size_max: sizeMax, created_at: createdAt, updated_at: updatedAt } = pool;
  return {
    ...identify(pool, clean),
    status: cutTo(longestStatus, status, clean),
    autoscale,
    size,
    sizeMin,
    sizeMax,
    createdAt,
    updatedAt,
    errors: errors.map((error) => cutTo(longestError, error, clean)),
  };
}

export function toVersion({ id, version, eol }: InferOutput<typeof versionShape>, clean: Clean): ObservedVersion {
  return { id: clean(id), version: cutTo(longestStatus, version, clean), eol };
}

const setAsidePrefix = 'unreadable-';

/** Is this an id of our own making, for what the service knows under one that may not be shown? */
export function isSetAside(id: string): boolean {
  return id.startsWith(setAsidePrefix);
}

type Identity = { readonly id: string; readonly name: string; readonly unreadable?: string };

/** One that cannot be named, or asked for without quoting a secret, costs its neighbours nothing: it is set aside. */
function identify({ id, name }: { readonly id: string; readonly name: string }, clean: Clean): Identity {
  if (clean(id) !== id) {
    const hash = createHash('sha256').update(id).digest('hex').slice(0, 16);
    return { id: `${setAsidePrefix}${hash}`, name: cutTo(60, name, clean), unreadable: 'its id holds a secret' };
  }
  if (name.length <= longestName) return { id, name: clean(name) };
  const unreadable = `its name has ${name.length} characters, and at most ${longestName} are read`;
  return { id, name: cutTo(60, name, clean), unreadable };
}

/** Cleaned before it is cut, never after: half a secret is not found. */
function cutTo(length: number, text: string, clean: Clean): string {
  return shorten(clean(text), length);
}
