import type { Environment } from '../../io/secrets/env-secret.ts';

/** `host`: with its port, and without the name and password that may stand before it. */
export type EnvProxy = { readonly variable: string; readonly host: string };

/**
 * The proxy that Node's `fetch` sends a request to; undefined = none. Read as Node 24 reads its environment
 * (nodejs.org/api/cli.html, NODE_USE_ENV_PROXY; undici's EnvHttpProxyAgent): `https:` falls back to the proxy of `http:`.
 */
export function proxyFor(url: URL, env: Environment): EnvProxy | undefined {
  if (!obeysProxies(env) || isExcepted(url, env)) return undefined;
  const plain = proxyIn(env, 'http_proxy', 'HTTP_PROXY');
  return url.protocol === 'https:' ? (proxyIn(env, 'https_proxy', 'HTTPS_PROXY') ?? plain) : plain;
}

/** The variables that other programs obey are nothing to Node until it is told so. */
export function obeysProxies({ NODE_OPTIONS = '', NODE_USE_ENV_PROXY }: Environment): boolean {
  const flag = NODE_OPTIONS.split(/\s+/).findLast((word) => /^--(no-)?use-env-proxy$/.test(word));
  return flag === undefined ? NODE_USE_ENV_PROXY === '1' : flag === '--use-env-proxy';
}

/** NO_PROXY: hosts, each with all below it, with or without a port; or `*` alone. */
export function isExcepted({ hostname, port, protocol }: URL, env: Environment): boolean {
  const text = env.no_proxy ?? env.NO_PROXY ?? '';
  const asked = port || (protocol === 'https:' ? '443' : '80');
  return text === '*' || text.split(/[,\s]+/).some((entry) => covers(entry, hostname, asked));
}

function covers(entry: string, hostname: string, port: string): boolean {
  const [, host = entry, only = port] = /^(.+):(\d+)$/.exec(entry) ?? [];
  const name = host.replace(/^\*?\./, '').toLowerCase();
  return name !== '' && only === port && (hostname === name || hostname.endsWith(`.${name}`));
}

/** An empty one in small letters hides the one in capitals. */
function proxyIn(env: Environment, small: string, capital: string): EnvProxy | undefined {
  const variable = env[small] === undefined ? capital : small;
  const value = env[variable];
  return value ? { variable, host: URL.parse(value)?.host ?? '' } : undefined;
}
