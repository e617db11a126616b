import type { SecretRef } from './config.ts';

/**
 * A secret's reference for people: "awsSecret lamplighter/r1". Never its value, nor a program's arguments, which may
 * hold one. `hash` tells two calls of one program apart, as subjects of incidents must be.
 */
export function describeSecret(ref: SecretRef, hash?: (text: string) => string): string {
  switch (ref.kind) {
    case 'awsSecret':
    case 'env':
      return `${ref.kind} ${ref.name}`;
    case 'file':
      return `file ${ref.path}`;
    case 'command':
      return `command ${ref.argv[0] ?? ''}${hash === undefined ? '' : ` (${hash(ref.argv.join('\n')).slice(0, 8)})`}`;
  }
}
