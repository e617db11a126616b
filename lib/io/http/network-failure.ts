/** The safe part of a failed request: whether there was a connection, and an error code. */
export type NetworkFailure = { readonly connectionMade: boolean; readonly detail: string };

/**
 * A failure counts as "no connection" only if its code proves that the request cannot have arrived; with any other code
 * it may have. Codes: Node's system errors (nodejs.org/api/errors.html), c-ares, undici, OpenSSL.
 */
export function describeNetworkFailure(error: unknown): NetworkFailure {
  const code = codeOf(error);
  if (code === undefined) return { connectionMade: true, detail: 'the request failed on the way' };
  const known = beforeConnecting.get(code.name);
  if (known) return { connectionMade: false, detail: `${known} (${code.name})` };
  const status = proxyStatusOf(code.name);
  if (status === 407) return { connectionMade: false, detail: 'the proxy needs credentials (407)' };
  if (status) return { connectionMade: false, detail: `the proxy refused to connect to it (${status})` };
  if (isCertificateCode(code.name))
    return { connectionMade: false, detail: `its certificate was refused (${code.name})` };
  if (code.isConnecting) return { connectionMade: false, detail: `no connection could be made (${code.name})` };
  return { connectionMade: true, detail: `the connection broke (${code.name})` };
}

/** The code alone, for advice (`PROXY_407`: a proxy's answer); undefined = none that is safe to show. */
export function networkErrorCode(error: unknown): string | undefined {
  return codeOf(error)?.name;
}

/** The status with which a proxy refused to connect; undefined = not from a proxy. */
export function proxyStatusOf(code: string): number | undefined {
  const [, status] = /^PROXY_(\d{3})$/.exec(code) ?? [];
  return status === undefined ? undefined : Number(status);
}

const beforeConnecting: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'its host name is not known'],
  ['EAI_AGAIN', 'its host name could not be looked up'],
  ['EAI_FAIL', 'its host name could not be looked up'],
  ['ECONNREFUSED', 'it refused the connection'],
  ['EHOSTUNREACH', 'its host cannot be reached'],
  ['ENETUNREACH', 'its network cannot be reached'],
  ['EADDRNOTAVAIL', 'no connection could be made'],
  ['UND_ERR_CONNECT_TIMEOUT', 'it did not accept the connection in time'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS'],
]);

export function isCertificateCode(name: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH/.test(name);
}

type Code = { readonly name: string; readonly isConnecting: boolean };

/** Only something shaped like a code is used: the error's text may contain an address or a header. */
function codeOf(error: unknown, depth = 0): Code | undefined {
  if (typeof error !== 'object' || error === null || depth > 5) return undefined;
  const { code, syscall, cause, errors, message } = error as { [key: string]: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) && !isWrapper(code)) {
    return { name: proxyCode(code, message) ?? code, isConnecting: syscall === 'connect' };
  }
  const inner = Array.isArray(errors) && errors.length > 0 ? firstCode(errors, depth) : undefined;
  return inner ?? codeOf(cause, depth + 1);
}

/** undici reports a proxy's answer to CONNECT only as text; only the status is taken from it. */
function proxyCode(code: string, message: unknown): string | undefined {
  if (code !== 'UND_ERR_ABORTED' || typeof message !== 'string') return undefined;
  const [, status] = /^Proxy response \((\d{3})\) !== 200 when HTTP Tunneling$/.exec(message) ?? [];
  return status && `PROXY_${status}`;
}

function isWrapper(code: string): boolean {
  return code === 'ERR_UNHANDLED_ERROR';
}

/** Several addresses of one host were tried: the first that may have been reached decides. */
function firstCode(errors: readonly unknown[], depth: number): Code | undefined {
  const codes = errors.map((each) => codeOf(each, depth + 1)).filter((each) => each !== undefined);
  return codes.find((each) => !beforeConnecting.has(each.name) && !each.isConnecting) ?? codes[0];
}
