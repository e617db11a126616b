import type { SecretRef } from '../../decide/compiled-config.ts';

/** What to do when a token could not be had, by where it is kept. */
export function tokenAdvice({ kind }: SecretRef): string {
  switch (kind) {
    case 'awsSecret':
      return 'put the token there, and let this machine reach it: AWS region, credentials, secretsmanager:GetSecretValue';
    case 'command':
      return 'run the program by hand, as this user: it must print the token, alone, within 10 s';
    default:
      return 'put the token where the config says';
  }
}
