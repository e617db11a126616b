import { type Secret, unwrap } from '../secrets/secret.ts';

/** Standard Webhooks asks for 24 to 64 random bytes. Its example keys, and a bearer secret, keep the same least. */
export const leastSecretBytes = 24;

/** The bytes of a Standard Webhooks secret ("whsec_" and base64); undefined when it is none, or too short. */
export function signingKey(secret: Secret): Buffer | undefined {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/u.exec(unwrap(secret).trim()) ?? [];
  if (encoded === undefined) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= leastSecretBytes ? key : undefined;
}
