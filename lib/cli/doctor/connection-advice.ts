import { isCertificateCode, proxyStatusOf } from '../../io/http/network-failure.ts';
import type { Environment } from '../../io/secrets/env-secret.ts';
import type { SecretRef } from '../../model/config.ts';

/**
 * What to do about a connection that fails, in Node's own terms: a private CA and a proxy are settings of Node
 * (nodejs.org/api/cli.html, NODE_EXTRA_CA_CERTS and NODE_USE_ENV_PROXY), and most failures in companies are one of them.
 */
export function connectionAdvice(code: string | undefined, url: URL, env: Environment): string {
  const status = code === undefined ? undefined : proxyStatusOf(code);
  if (status !== undefined) return refusalAdvice(status, proxyFor(url, env)?.variable ?? 'HTTPS_PROXY');
  return [adviceOn(code, env), proxyAdvice(url, env)].filter((text) => text !== undefined).join('; ');
}

const untrusted: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

function adviceOn(code: string | undefined, env: Environment): string {
  if (code === undefined) return 'check the address, and whether this machine may reach it';
  if (untrusted.has(code)) {
    const known = env.NODE_EXTRA_CA_CERTS;
    return known
      ? 'NODE_EXTRA_CA_CERTS is set, and its file does not hold the CA that signed this certificate'
      : 'a private CA, or a proxy that inspects TLS, signed it: set NODE_EXTRA_CA_CERTS to the file with its certificate before Node starts';
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return "check this machine's clock; if it is right, the server's certificate has to be renewed";
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return 'the certificate is for another host: check the address';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return 'the server does not speak https: check the scheme and the port of the address';
  if (code === 'ENOTFOUND') return 'check how the host is spelled, and that this machine asks the right DNS server';
  if (code.startsWith('EAI_')) return "this machine's DNS does not answer: check its network";
  if (code === 'ECONNREFUSED') return 'nothing listens there: check host and port';
  return 'a firewall may be in between: check that this machine may reach the host';
}

/** Where a proxy is used, what fails before TLS is the way to it: names are looked up by the proxy, and only it connects. */
export function isWayToProxy(code: string | undefined): boolean {
  if (code === undefined) return false;
  return proxyStatusOf(code) === undefined && !isCertificateCode(code) && !code.startsWith('ERR_SSL_');
}

function refusalAdvice(status: number, variable: string): string {
  if (status === 407) return `write them into ${variable}: http://name:password@host:port`;
  return 'ask whoever runs the proxy to let this machine reach the host, or except the host with NO_PROXY';
}

function proxyAdvice(url: URL, env: Environment): string | undefined {
  const used = proxyFor(url, env);
  if (used) return `${used.variable} is in use: is the proxy right, and may it reach the host (NO_PROXY)?`;
  const set = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((name) => env[name]);
  if (set === undefined) return 'behind a proxy, set HTTPS_PROXY and NODE_USE_ENV_PROXY=1';
  if (!obeysProxies(env)) return `${set} is set, but Node uses it only with NODE_USE_ENV_PROXY=1`;
  return isExcepted(url, env) ? `${set} is set, but NO_PROXY excepts this host` : undefined;
}

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
function obeysProxies({ NODE_OPTIONS = '', NODE_USE_ENV_PROXY }: Environment): boolean {
  const flag = NODE_OPTIONS.split(/\s+/).findLast((word) => /^--(no-)?use-env-proxy$/.test(word));
  return flag === undefined ? NODE_USE_ENV_PROXY === '1' : flag === '--use-env-proxy';
}

/** NO_PROXY: hosts, each with all below it, with or without a port; or `*` alone. */
function isExcepted({ hostname, port, protocol }: URL, env: Environment): boolean {
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
