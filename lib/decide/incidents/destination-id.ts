import type { DestinationConfig, SecretRef } from '../compiled-config.ts';

type Address = Exclude<DestinationConfig['url'], undefined>;

/**
 * A destination is its name and what its address is kept under: another reference is another destination, and the old
 * one stays until it owes nothing. A new value under the same reference changes nothing. Plain URLs are only hashed.
 */
export function destinationId(
  { name, url, key }: Pick<DestinationConfig, 'name' | 'url' | 'key'>,
  hash: (text: string) => string,
): string {
  const reference = [url, key].map((part) => (part === undefined ? '' : addressOf(part))).join('\n');
  return `${name}~${hash(reference).slice(0, 8)}`;
}

/** Where a secret is kept, for people and as a subject; a command's arguments are not shown. */
export function describeReference(ref: SecretRef, hash: (text: string) => string): string {
  switch (ref.kind) {
    case 'awsSecret':
    case 'env':
      return `${ref.kind} ${ref.name}`;
    case 'file':
      return `file ${ref.path}`;
    case 'command':
      return `command ${ref.argv[0] ?? ''} (${hash(ref.argv.join('\n')).slice(0, 8)})`;
  }
}

function addressOf(address: Address): string {
  if (address.kind === 'plain') return `plain ${address.url}`;
  if (address.kind === 'command') return `command ${address.argv.join('\n')}`;
  return address.kind === 'file' ? `file ${address.path}` : `${address.kind} ${address.name}`;
}
