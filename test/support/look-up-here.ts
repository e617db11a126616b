import { isIP } from 'node:net';

/** As on a machine whose resolver answers at once and knows nobody: a real one may take five seconds for each name. */
export async function lookUpHere(host: string): Promise<string> {
  if (host === 'localhost') return '127.0.0.1';
  if (isIP(host) === 0) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
  return host;
}
