import type { SecretRef } from '../../decide/compiled-config.ts';
import type { Clock } from '../clock.ts';
import type { AwsSecrets } from './aws-secret.ts';
import { awsSecretSource } from './aws-secret.ts';
import { commandSecretSource } from './command-secret.ts';
import { type Environment, envSecretSource } from './env-secret.ts';
import { fileSecretSource } from './file-secret.ts';

/** AWS Secrets Manager keeps the value before the last rotation as well; the other places know one value. */
export type Stage = 'current' | 'previous';

/** One place where a secret is kept. Every read looks anew, in bounded time, and rejects with a SecretError only. */
export type SecretSource = {
  /** The text as it is kept; undefined = this place has no such stage. */
  readonly read: (stage: Stage) => Promise<string | undefined>;
};

export type SecretPlaces = { readonly clock: Clock; readonly env: Environment; readonly aws: AwsSecrets };

export function openSecret(ref: SecretRef, places: SecretPlaces): SecretSource {
  switch (ref.kind) {
    case 'awsSecret':
      return awsSecretSource(ref.name, places.aws);
    case 'env':
      return envSecretSource(ref.name, places.env);
    case 'file':
      return fileSecretSource(ref.path, places.clock);
    case 'command':
      return commandSecretSource(ref.argv, places);
  }
}
