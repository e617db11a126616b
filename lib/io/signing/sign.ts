import type { EpochMs } from '../../decide/model.ts';
import { SecretError } from '../../errors.ts';
import type { Secret } from '../secrets/secret.ts';
import { signatureOf } from './verify.ts';

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
  const signatures = secrets.map((secret) => signatureOf(secret, id, timestamp, bytes) ?? unusable());
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function unusable(): never {
  const shape = 'it must be "whsec_" and the base64 of 24 to 64 random bytes';
  throw new SecretError(`A signing secret cannot be used: ${shape}`, 'signing secret');
}
