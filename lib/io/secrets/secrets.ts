import type { SecretRef } from '../../model/config.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import type { Clock } from '../clock.ts';
import { type AwsSecrets, awsSecretSource } from './aws-secret.ts';
import { type CachedSecret, type CacheParts, makeCachedSecret } from './cached-secret.ts';
import { type Environment, envSecretSource } from './env-secret.ts';
import { fileSecretSource } from './file-secret.ts';
import type { SecretPurpose } from './parse-secret.ts';
import { type Secret, type SecretSource } from './secret.ts';
import { makeTokenSource, type TokenSource } from './token-source.ts';

/** Every secret of a process: read when needed, cached for five minutes, known to the redactor. */
export type Secrets = {
  /** A destination's address or key, a signing secret. Rejects with a SecretError if it was never read. */
  readonly read: (ref: SecretRef, purpose: Exclude<SecretPurpose, 'token'>) => Promise<Secret>;
  /** The same reference gives the same source. */
  readonly token: (ref: SecretRef) => TokenSource;
};

export type SecretsParts = CacheParts & SecretPlaces;

export function makeSecrets(parts: SecretsParts): Secrets {
  const cached = new Map<string, CachedSecret>();
  const tokens = new Map<string, TokenSource>();
  return {
    read: async (ref, purpose) => {
      const reference = describeSecret(ref);
      const make = () => makeCachedSecret(openSecret(ref, parts), purpose, reference, parts);
      const parsed = await keep(cached, `${purpose} ${JSON.stringify(ref)}`, make).get();
      return parsed.value;
    },
    token: (ref) => keep(tokens, JSON.stringify(ref), () => makeTokenSource(ref, openSecret(ref, parts), parts)),
  };
}

function keep<T>(made: Map<string, T>, key: string, make: () => T): T {
  const known = made.get(key);
  if (known !== undefined) return known;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}

type SecretPlaces = { readonly clock: Clock; readonly env: Environment; readonly aws: AwsSecrets };

function openSecret(ref: SecretRef, places: SecretPlaces): SecretSource {
  switch (ref.kind) {
    case 'awsSecret':
      return awsSecretSource(ref.name, places.aws);
    case 'env':
      return envSecretSource(ref.name, places.env);
    case 'file':
      return fileSecretSource(ref.path, places.clock);
    case 'command':
      return lateCommandSource(ref, places);
  }
}

/** Loaded with the first secret from a program: functions have none. */
function lateCommandSource(ref: Extract<SecretRef, { kind: 'command' }>, places: SecretPlaces): SecretSource {
  const load = async () => (await import('./command-secret.ts')).commandSecretSource(ref, places);
  return { read: async (stage) => (await load()).read(stage) };
}
