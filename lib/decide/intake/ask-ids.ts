import type { Names } from '../match.ts';

/** Who a lease belongs to: an event source, or a person. Neither can reach the other's leases. */
export type Owner =
  | { readonly kind: 'event'; readonly source: string }
  | { readonly kind: 'person'; readonly who: string };

/** "event:<source>", or the person. */
export function whoOf(owner: Owner): string {
  return owner.kind === 'event' ? `event:${owner.source}` : owner.who;
}

/** What the ids of an owner's leases begin with, in the partition of their region. */
export function ownerPrefix(owner: Owner): string {
  return `lease/${encode(owner.kind === 'event' ? whoOf(owner) : `person:${owner.who}`)}/`;
}

/** All leases of one owner for one pool stand together: `lease/<owner>/<cluster>/<pool>/`. */
export function shelfPrefix(owner: Owner, names: Omit<Names, 'region'>): string {
  return `${ownerPrefix(owner)}${encode(names.cluster)}/${encode(names.pool)}/`;
}

/** `lease/<owner>/<cluster>/<pool>/<caller's key>`, each part percent-encoded: no name can pretend to be two. */
export function leaseId(owner: Owner, names: Omit<Names, 'region'>, key: string): string {
  return `${shelfPrefix(owner, names)}${encode(key)}`;
}

/** The one lease into which a shelf that is full merges everything new. No caller's key encodes to this. */
export function mergedId(prefix: string): string {
  return `${prefix}=merged`;
}

function encode(part: string): string {
  return encodeURIComponent(part);
}
