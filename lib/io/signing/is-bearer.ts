import { createHash, timingSafeEqual } from 'node:crypto';
import { type Secret, unwrap } from '../secrets/secret.ts';
import { leastSecretBytes } from './signing-key.ts';

/**
 * Is this `Authorization` header "Bearer" and one of the secrets? Digests are compared, so that the time taken tells
 * neither content nor length; every secret is tried whatever the outcome.
 */
export function isBearer(authorization: string | undefined, secrets: readonly Secret[]): boolean {
  const [, token = ''] = /^Bearer +(\S+)$/iu.exec(authorization ?? '') ?? [];
  const given = digest(token);
  let matches = 0;
  for (const secret of secrets) {
    const value = unwrap(secret).trim();
    const isStrong = Buffer.byteLength(value) >= leastSecretBytes;
    matches += timingSafeEqual(given, digest(value)) && isStrong ? 1 : 0;
  }
  return matches > 0;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
