import type { Answer } from '../../decide/answer.ts';
import type { RegionConfig } from '../../decide/compiled-config.ts';
import type { ObservedCluster } from '../../decide/model.ts';
import type { Environment } from '../../io/secrets/env-secret.ts';
import { describeAnswer } from '../../jobs/scale/describe-answer.ts';
import { type Check, checksOf, listed } from './check.ts';
import { connectionAdvice, isWayToProxy } from './connection-advice.ts';
import { proxyFor } from './env-proxy.ts';
import { tokenAdvice } from './token-advice.ts';

/** What the list of a region's clusters says of its address and its token. `code`: the network's own. */
export function listCheck(
  env: Environment,
  about: string,
  { url, mksRegion, token }: RegionConfig,
  answer: Answer<readonly ObservedCluster[]>,
  code: string | undefined,
): Check {
  const { ok, warning, failed } = checksOf(about);
  const host = `${new URL(url).host}${mksRegion === undefined ? '' : ` (MKS region ${mksRegion})`}`;
  switch (answer.kind) {
    case 'ok': {
      const names = answer.value.map(({ name }) => name);
      return names.length === 0
        ? warning(
            'api',
            `${host} answers, and lists no cluster`,
            'is this the right region, and the right project of the token?',
          )
        : ok('api', `${host} answers: ${names.length} clusters (${listed(names)})`);
    }
    case 'unauthorized':
      return failed(
        'token',
        `${host} refuses the token: ${answer.detail}`,
        'create a token in the console of this very region, and put it where the config says',
      );
    case 'forbidden':
      return failed('token', `the token may not list clusters: ${answer.detail}`, 'give it the role to read clusters');
    case 'not-found':
      return failed(
        'api',
        `${host} knows no such address: ${answer.detail}`,
        'check `api`: a known name, or a URL that ends before /cluster',
      );
    case 'not-sent':
      return failed('token', answer.detail, tokenAdvice(token));
    case 'unknown':
      return unknownCheck(env, about, new URL(url), host, answer, code);
    case 'busy':
    case 'refused':
      return failed('api', `${host}: ${describeAnswer(answer)}`, 'ask the provider, quoting this answer');
  }
}

function unknownCheck(
  env: Environment,
  about: string,
  url: URL,
  host: string,
  { reason, detail }: Extract<Answer<never>, { kind: 'unknown' }>,
  code: string | undefined,
): Check {
  const { failed } = checksOf(about);
  const proxy = reason === 'no-connection' && isWayToProxy(code) ? proxyFor(url, env) : undefined;
  if (proxy === undefined) return failed('api', `${host}: ${detail}`, adviceFor(reason, code, url, env));
  const { host: proxyHost, variable } = proxy;
  return failed(
    'api',
    `the proxy ${proxyHost} (${variable}), on the way to ${host}: ${detail}`,
    `check ${variable}, and that the proxy runs; a host that needs no proxy belongs in NO_PROXY`,
  );
}

function adviceFor(reason: string, code: string | undefined, url: URL, env: Environment): string {
  if (reason === 'blocked')
    return 'this is no API: check the host; if it is right, ask the provider with the support id, where there is one';
  if (reason === 'unparsable' || reason === 'wrong-shape' || reason === 'redirect')
    return 'this does not answer as MKS does: check `api`';
  if (reason === 'rate-limited' || reason === 'server-error')
    return 'try again later; if it stays so, ask the provider';
  return connectionAdvice(code, url, env);
}
