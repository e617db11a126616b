import { withoutRootDot } from '../../model/address.ts';
import type { DestinationConfig } from '../../model/config.ts';
import type { Path } from '../problem.ts';
import type { Context } from './context.ts';
import { compileSecret, type SecretInput } from './secrets.ts';

/** An http(s) URL without user name and password; undefined if it is none. */
export function readUrl(text: string): URL | undefined {
  const url = URL.parse(withoutRootDot(text) ?? '');
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  return url.username === '' && url.password === '' ? url : undefined;
}

/** The address of a destination: a reference, or (where `mayBePlain`) the address itself. */
export function compileAddress(
  address: string | SecretInput,
  insecure: boolean,
  mayBePlain: boolean,
  path: Path,
  context: Context,
): DestinationConfig['url'] {
  if (typeof address !== 'string') return compileSecret(address, path, context);
  const { report } = context;
  if (!mayBePlain) {
    report.error(
      path,
      'the address of a chat is a secret, but is written here as text',
      'keep it elsewhere and name it: { awsSecret: name }, { env: NAME } or { file: path }; if it was real, replace it',
    );
    return undefined;
  }
  const url = readUrl(address);
  if (url === undefined) {
    report.error(path, 'not an http(s) address without user and password', 'write https://host/path');
    return undefined;
  }
  if (url.protocol === 'http:' && !insecure) {
    report.error(path, 'an address over http:', 'write https:, or add insecure: true');
    return undefined;
  }
  return { kind: 'plain', url: url.href };
}
