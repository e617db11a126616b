import { SecretError } from '../../errors.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import { type SecretSource } from './secret.ts';

export type Environment = { readonly [name: string]: string | undefined };

export function envSecretSource(name: string, env: Environment): SecretSource {
  const reference = describeSecret({ kind: 'env', name });
  return {
    read: async (stage) => {
      if (stage === 'previous') return undefined;
      const value = env[name];
      if (value) return value;
      throw new SecretError(
        `${reference} is ${value === '' ? 'empty' : 'not set'}: set it for this process`,
        reference,
      );
    },
  };
}
