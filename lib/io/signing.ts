import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { unsignedMark } from '../decide/announcing/keep-link.ts';
import { SecretError } from '../errors.ts';
import { type EpochMs, minuteMs } from '../model/time.ts';
import { type Secret, unwrap } from './secrets/secret.ts';

export type SignatureHeaders = {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

/**
 * The three headers of Standard Webhooks 1.0.0 for exactly these bytes, at this attempt: signed again for each retry,
 * since receivers refuse what is older than five minutes. Several secrets sign side by side while one replaces another.
 * Throws SecretError when a secret cannot sign, TypeError when the id holds a dot (the signed text would be ambiguous).
 */
export function sign(id: string, body: string, secrets: readonly Secret[], now: EpochMs): SignatureHeaders {
  if (id === '' || id.includes('.')) throw new TypeError('a webhook id is not empty and holds no dot');
  const timestamp = String(Math.floor(now / 1000));
  const bytes = Buffer.from(body);
  const signatures = secrets.map(
    (secret, index) => signatureOf(secret, id, timestamp, bytes) ?? unusable(index, secrets.length),
  );
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Which one, where there are several: all but the old one are often right. */
function unusable(index: number, count: number): never {
  const which = count === 1 ? 'A signing secret' : `Signing secret ${index + 1} of ${count}`;
  const shape = 'it must be "whsec_" and the base64 of 24 to 64 random bytes';
  throw new SecretError(`${which} cannot be used: ${shape}`, 'signing secret');
}

/** Standard Webhooks: receivers allow five minutes either way. */
const toleranceMs = 5 * minuteMs;
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
  const isWellFormed = /^[^.\s]{1,256}$/u.test(id);
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
  return matches > 0 && isWellFormed && isFresh(timestamp, now);
}

/** Is this `webhook-timestamp` (seconds) within five minutes of now? */
export function isFresh(timestamp: string | undefined, now: EpochMs): boolean {
  return /^\d{1,12}$/u.test(timestamp ?? '') && Math.abs(Number(timestamp) * 1000 - now) <= toleranceMs;
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

/**
 * Is this `Authorization` header "Bearer" and one of the secrets? Digests are compared, so that the time taken tells
 * neither content nor length; every secret is tried whatever the outcome.
 */
export function isBearer(authorization: string | undefined, secrets: readonly Secret[]): boolean {
  const [, token = ''] = /^Bearer +(\S+)$/iu.exec(authorization ?? '') ?? [];
  const given = textDigest(token);
  let matches = 0;
  for (const secret of secrets) {
    const value = unwrap(secret).trim();
    const isStrong = Buffer.byteLength(value) >= leastSecretBytes;
    matches += timingSafeEqual(given, textDigest(value)) && isStrong ? 1 : 0;
  }
  return matches > 0;
}

function textDigest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Standard Webhooks asks for 24 to 64 random bytes. Its example keys, and a bearer secret, keep the same least. */
export const leastSecretBytes = 24;

/** The bytes of a Standard Webhooks secret ("whsec_" and base64); undefined when it is none, or too short. */
export function signingKey(secret: Secret): Buffer | undefined {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/u.exec(unwrap(secret).trim()) ?? [];
  if (encoded === undefined) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= leastSecretBytes ? key : undefined;
}

/** The signature of a link's text, 43 characters of base64url; undefined when the secret cannot sign. */
function linkSignature(secret: Secret, text: string): string | undefined {
  const key = signingKey(secret);
  return key && createHmac('sha256', key).update(`lamplighter keep ${text}`).digest('base64url');
}

/** The body with every unsigned link in it signed. Throws SecretError when the secret cannot sign. */
export function withSignedLinks(body: string, secret: Secret): string {
  return body.replace(new RegExp(`(?<=/keep/)([\\w.-]+)\\.${unsignedMark}(?![\\w-])`, 'gu'), (_, text: string) => {
    return `${text}.${linkSignature(secret, text) ?? unusable(0, 1)}`;
  });
}

/** Every secret is tried whatever the outcome, each in constant time. */
export function isLinkSigned(text: string, signature: string, secrets: readonly Secret[]): boolean {
  // As it is written: two texts may decode to the same bytes, and one of them would be a changed link.
  const given = Buffer.from(signature);
  let matches = 0;
  for (const secret of secrets) {
    const expected = linkSignature(secret, text);
    if (expected !== undefined) matches += isEqual(given, Buffer.from(expected)) ? 1 : 0;
  }
  return matches > 0;
}
