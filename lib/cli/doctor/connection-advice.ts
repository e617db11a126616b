import { isCertificateCode, proxyStatusOf } from '../../io/http/network-failure.ts';
import type { Environment } from '../../io/secrets/env-secret.ts';
import { isExcepted, obeysProxies, proxyFor } from './env-proxy.ts';

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
      : 'a private CA, or a proxy that looks into TLS, signed it: set NODE_EXTRA_CA_CERTS to the file with its certificate before Node starts';
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return "check this machine's clock; if it is right, the server's certificate has to be renewed";
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return 'the certificate is for another host: check the address';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return 'https was spoken to something that does not speak it: check the scheme and the port of the address';
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
