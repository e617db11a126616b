import { createHash } from 'node:crypto';
import type { DestinationConfig, SecretRef } from '../../decide/compiled-config.ts';
import { makeSecret, type Secret, unwrap } from '../secrets/secret.ts';
import type { Credentials } from './destination.ts';

export type ReadSecret = (ref: SecretRef, purpose: 'url' | 'key' | 'secret') => Promise<Secret>;

/** The credentials, and a fingerprint of them that is safe to store: it only tells whether they have changed. */
export type ReadCredentials = { readonly credentials: Credentials; readonly fingerprint: string };

/** Rejects with a SecretError, naming the reference, when one cannot be had. */
export async function readCredentials(
  { url, key, secrets }: Pick<DestinationConfig, 'url' | 'key' | 'secrets'>,
  read: ReadSecret,
): Promise<ReadCredentials> {
  const address = url?.kind === 'plain' ? makeSecret(url.url) : url && (await read(url, 'url'));
  const routingKey = key && (await read(key, 'key'));
  const signing: Secret[] = [];
  for (const secret of secrets) signing.push(await read(secret, 'secret'));
  const all = [address, routingKey, ...signing].map((secret) => (secret === undefined ? '' : unwrap(secret)));
  const fingerprint = createHash('sha256').update(all.join('\n')).digest('hex').slice(0, 12);
  return { credentials: { url: address, key: routingKey, signing }, fingerprint };
}
