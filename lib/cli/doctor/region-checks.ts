import { wrongClock } from '../../decide/clock-skew.ts';
import { makeMks } from '../../io/mks/client.ts';
import type { Mks } from '../../io/mks/mks.ts';
import type { Environment } from '../../io/secrets/env-secret.ts';
import type { Secrets } from '../../io/secrets/secrets.ts';
import { concurrency, mapBounded } from '../../jobs/concurrency.ts';
import { type Answer, describeAnswer } from '../../model/answer.ts';
import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import type { RegionConfig } from '../../model/config.ts';
import { listed } from '../../model/text.ts';
import { dayMs, type EpochMs, iso, isoDate } from '../../model/time.ts';
import type { CliParts } from '../parts.ts';
import { type Check, checksOf, mostNamed } from './check-result.ts';
import { daysFrom } from './config-checks.ts';
import { connectionAdvice, isWayToProxy, proxyFor, tokenAdvice } from './connection-advice.ts';
import { type WatchingFetch, watchFetch } from './watching-fetch.ts';

export type LookedCluster = { readonly cluster: ObservedCluster; readonly pools: readonly ObservedPool[] | undefined };

export type LookedRegion = {
  readonly region: string;
  readonly mks: Mks;
  readonly checks: readonly Check[];
  /** undefined = the list was not answered. */
  readonly clusters: readonly LookedCluster[] | undefined;
};

const mostSkewMs = 60_000;

/** Everything that reads of one region's API show. Only GETs. */
export async function regionChecks(parts: CliParts, secrets: Secrets, region: RegionConfig): Promise<LookedRegion> {
  const watching = watchFetch(parts.fetch, parts.clock);
  const token = secrets.token(region.token);
  const mks = makeMks({ ...parts, region, token, fetch: watching.fetch });
  const answer = await mks.listClusters();
  const about = `region ${region.name}`;
  const common = () => [
    listCheck(parts.env, about, region, answer, watching.failureCode()),
    ...skewCheck(about, watching),
    expiryCheck(about, token.expires(), answer.kind === 'ok', parts.clock.now()),
  ];
  if (answer.kind !== 'ok') return { region: region.name, mks, checks: common(), clusters: undefined };
  const clusters = await mapBounded(answer.value, concurrency, async (cluster) => {
    const pools = await mks.listNodePools(cluster.id);
    return { cluster, answer: pools };
  });
  const looked = clusters.map((one) => ({
    cluster: one.cluster,
    pools: one.answer.kind === 'ok' ? one.answer.value : undefined,
  }));
  const checks = [
    ...common(),
    ...poolChecks(about, clusters),
    await errorsCheck(about, mks, answer.value, watching),
    mayWrite(about),
  ];
  return { region: region.name, mks, checks, clusters: looked };
}

function skewCheck(about: string, watching: WatchingFetch): readonly Check[] {
  const { ok, warning, failed, unknown } = checksOf(about);
  if (!watching.wasAnswered()) return [unknown('clock', 'no answer came that could tell the time of the server')];
  const last = watching.readings().at(-1);
  if (last === undefined) return [unknown('clock', 'the server did not say what time it is')];
  const fix = 'let the machine synchronise its clock (NTP)';
  const wrong = wrongClock(watching.readings());
  if (wrong) {
    const both = `this machine's clock says ${iso(wrong.ours)}, the server's ${iso(wrong.server)}`;
    return [failed('clock', `${both}: nothing is changed in this region until they agree`, fix)];
  }
  const skewMs = last.server - last.ours;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= mostSkewMs) return [ok('clock', "this machine's clock agrees with the server's")];
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  return [warning('clock', `this machine's clock is ${seconds} s ${side} the server's`, fix)];
}

function poolChecks(
  about: string,
  clusters: readonly { readonly cluster: ObservedCluster; readonly answer: Answer<readonly ObservedPool[]> }[],
): readonly Check[] {
  const { ok, failed, unknown } = checksOf(about);
  if (clusters.length === 0) return [unknown('roles.read', 'there is no cluster whose node pools could be read')];
  const bad = clusters.flatMap(({ cluster, answer }) => (answer.kind === 'ok' ? [] : [{ cluster, answer }]));
  const pools = clusters.reduce((sum, { answer }) => sum + (answer.kind === 'ok' ? answer.value.length : 0), 0);
  const [first] = bad;
  if (first === undefined) return [ok('roles.read', `the token may list clusters and node pools: ${pools} pools`)];
  const names = listed(
    bad.map(({ cluster }) => cluster.name),
    mostNamed,
  );
  const fix =
    first.answer.kind === 'forbidden'
      ? 'give the token the role to read node pools'
      : 'try again; if it stays so, ask the provider';
  return [failed('roles.read', `the node pools of ${names} could not be listed: ${describeAnswer(first.answer)}`, fix)];
}

/** Errors have to be asked for; a service that does not give the key would leave a watcher blind without a word. */
async function errorsCheck(
  about: string,
  mks: Mks,
  clusters: readonly ObservedCluster[],
  watching: WatchingFetch,
): Promise<Check> {
  const { ok, warning, unknown } = checksOf(about);
  const [first] = clusters;
  if (first === undefined) return unknown('errors', 'there is no cluster to test it on');
  const answer = await mks.getCluster(first.id);
  if (answer.kind !== 'ok') return unknown('errors', `${first.name} could not be read: ${describeAnswer(answer)}`);
  return (await watching.hadErrors())
    ? ok('errors', `the API returns cluster errors (tested on ${first.name})`)
    : warning(
        'errors',
        `the API returns no cluster errors, not even an empty list (tested on ${first.name})`,
        'incidents will show a status without a reason; ask the provider how to read errors',
      );
}

function mayWrite(about: string): Check {
  return checksOf(about).unknown(
    'roles.write',
    'whether the token may change node pools is not known without a write',
    'to test it, write a pool back unchanged: lamplighter doctor --prove-write cluster/pool',
  );
}

/** What the list of a region's clusters says of its address and its token. `code`: the network's own. */
function listCheck(
  env: Environment,
  about: string,
  { url, mksRegion, token }: RegionConfig,
  answer: Answer<readonly ObservedCluster[]>,
  code: string | undefined,
): Check {
  const { failed } = checksOf(about);
  const host = `${new URL(url).host}${mksRegion === undefined ? '' : ` (MKS region ${mksRegion})`}`;
  switch (answer.kind) {
    case 'ok':
      return answeredCheck(about, host, answer.value);
    case 'unauthorized':
      return failed(
        'token',
        `${host} refuses the token: ${answer.detail}`,
        'create a token in the console of this region, and store it where the config says',
      );
    case 'forbidden':
      return failed('token', `the token may not list clusters: ${answer.detail}`, 'give it the role to read clusters');
    case 'not-found':
      return failed(
        'api',
        `${host} does not know this address: ${answer.detail}`,
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

function answeredCheck(about: string, host: string, clusters: readonly ObservedCluster[]): Check {
  const { ok, warning } = checksOf(about);
  const names = clusters.map(({ name }) => name);
  return names.length === 0
    ? warning(
        'api',
        `${host} answers, but lists no cluster`,
        'check that this is the right region, and the right project for the token',
      )
    : ok('api', `${host} answers: ${names.length} clusters (${listed(names, mostNamed)})`);
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
    return 'this is not the API: check the host; if it is right, ask the provider and give the support id';
  if (reason === 'unparsable' || reason === 'wrong-shape' || reason === 'redirect')
    return 'this is not an MKS API: check `api`';
  if (reason === 'rate-limited' || reason === 'server-error')
    return 'try again later; if it stays so, ask the provider';
  return connectionAdvice(code, url, env);
}

const soonMs = 30 * dayMs;

/** When the token ends, by its `expires`; whether the API takes it says more. */
export function expiryCheck(about: string, expires: EpochMs | undefined, isTaken: boolean, now: EpochMs): Check {
  const { ok, warning, failed, unknown } = checksOf(about);
  const fix = 'create a new token in the console of this region, and store it where the config says';
  if (expires === undefined)
    return unknown(
      'token.expiry',
      'it is not known when the token ends',
      'look it up in the console, and write it beside the token in the config: expires: YYYY-MM-DD',
    );
  const day = isoDate(expires);
  const when = daysFrom(now, expires);
  if (hasEnded(expires, now)) {
    return isTaken
      ? warning(
          'token.expiry',
          `by its \`expires\` the token ended on ${day}, and the API still takes it`,
          'correct `expires`: beside the token in the config, or in the secret itself',
        )
      : failed('token.expiry', `the token ended on ${day}`, fix);
  }
  return expires - now < soonMs
    ? warning('token.expiry', `the token ends on ${day}, ${when}`, fix)
    : ok('token.expiry', `the token lasts until ${day}, ${when}`);
}

/** A bare date is the day on which it ends, and is kept as the first instant of it. */
function hasEnded(expires: EpochMs, now: EpochMs): boolean {
  return now >= (expires % dayMs === 0 ? expires + dayMs : expires);
}
