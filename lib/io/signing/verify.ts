import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '../../decide/model.ts';
import type { Secret } from '../secrets/secret.ts';
import { signingKey } from './signing-key.ts';

/** Standard Webhooks: receivers allow five minutes either way. */
const toleranceMs = 5 * 60_000;
/** A sender that rotates signs with two secrets; nobody needs more than this. */
const mostSignatures = 8;

export type SignedMessage = {
  /** webhook-id */
  readonly id: string | undefined;
  /** webhook-timestamp, in seconds */
  readonly timestamp: string | undefined;
  /** webhook-signature: "v1,<base64>", several with a space in between */
  readonly signature: string | undefined;
  /** As it came over the wire. */
  readonly body: Uint8Array;
};

/**
 * Is this message signed with one of the secrets, and fresh (standardwebhooks.com, 1.0.0)? Every secret is tried against
 * every signature whatever the outcome, each in constant time; a secret that is no secret signs nothing.
 */
export function isSigned(message: SignedMessage, secrets: readonly Secret[], now: EpochMs): boolean {
  const { id = '', timestamp = '', signature = '', body } = message;
  const isWellFormed = /^[^.\s]{1,256}$/u.test(id) && /^\d{1,12}$/u.test(timestamp);
  const isFresh = Math.abs(Number(timestamp) * 1000 - now) <= toleranceMs;
  const given = signature
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .slice(0, mostSignatures);
  let matches = 0;
  for (const secret of secrets) {
    const key = signingKey(secret);
    if (key === undefined) continue;
    const expected = digest(key, id, timestamp, body);
    for (const one of given) matches += isEqual(Buffer.from(one.slice(3), 'base64'), expected) ? 1 : 0;
  }
  return matches > 0 && isWellFormed && isFresh;
}

function isEqual(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The value of `webhook-signature` for one secret; undefined when the secret cannot sign. */
export function signatureOf(secret: Secret, id: string, timestamp: string, body: Uint8Array): string | undefined {
  const key = signingKey(secret);
  return key && `v1,${digest(key, id, timestamp, body).toString('base64')}`;
}

function digest(key: Buffer, id: string, timestamp: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}
