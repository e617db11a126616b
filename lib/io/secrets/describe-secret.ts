import type { SecretRef } from '../../decide/compiled-config.ts';

/** A secret's reference as people know it: "awsSecret lamplighter/r1". Never its value. */
export function describeSecret(ref: SecretRef): string {
  switch (ref.kind) {
    case 'awsSecret':
    case 'env':
      return `${ref.kind} ${ref.name}`;
    case 'file':
      return `file ${ref.path}`;
    case 'command':
      return `command ${ref.argv.join(' ')}`;
  }
}
