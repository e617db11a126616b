/** Reachable from this machine alone: loopback by name or number. `host` in lower case, as addresses and headers have it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(?:\.\d{1,3}){3}$/u.test(host);
}

/**
 * The address with its host as certificates, servers and `Host` headers have it: a name may end with a dot, by which DNS
 * knows that it is whole (RFC 1034, 3.1), and TLS leaves that dot off (RFC 6066, 3). undefined where a part of the name is
 * empty, as in "a..b". What is no address stays as it is.
 */
export function withoutRootDot(address: string): string | undefined {
  const [start = ''] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?/iu.exec(address) ?? [];
  const [host = ''] = /^[^/?#@:]*/u.exec(address.slice(start.length)) ?? [];
  if (start === '' || host === '' || host.startsWith('[')) return address;
  const name = host.replace(/[.\u3002]$/u, '');
  return /^\.|\.\.|\.$|^$/u.test(name) ? undefined : `${start}${name}${address.slice(start.length + host.length)}`;
}
