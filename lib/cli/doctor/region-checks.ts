import type { Answer } from '../../decide/answer.ts';
import type { RegionConfig } from '../../decide/compiled-config.ts';
import type { ObservedCluster, ObservedPool } from '../../decide/model.ts';
import { makeMks } from '../../io/mks/client.ts';
import type { Mks } from '../../io/mks/mks.ts';
import type { Secrets } from '../../io/secrets/secrets.ts';
import { mapBounded } from '../../jobs/concurrency.ts';
import { describeAnswer } from '../../jobs/scale/describe-answer.ts';
import type { CliParts } from '../cli-parts.ts';
import { type Check, checksOf, listed } from './check.ts';
import { expiryCheck } from './expiry-check.ts';
import { listCheck } from './list-check.ts';
import { type WatchingFetch, watchFetch } from './watching-fetch.ts';

export type LookedCluster = { readonly cluster: ObservedCluster; readonly pools: readonly ObservedPool[] | undefined };

export type LookedRegion = {
  readonly region: string;
  readonly mks: Mks;
  readonly checks: readonly Check[];
  /** undefined = the list was not answered. */
  readonly clusters: readonly LookedCluster[] | undefined;
};

const concurrency = 16;
const mostSkewMs = 60_000;

/** Everything that reads of one region's API show. Only GETs. */
export async function regionChecks(parts: CliParts, secrets: Secrets, region: RegionConfig): Promise<LookedRegion> {
  const watching = watchFetch(parts.fetch, parts.clock);
  const token = secrets.token(region.token);
  const mks = makeMks({ ...parts, region, token, fetch: watching.fetch });
  const answer = await mks.listClusters();
  const about = `region ${region.name}`;
  const common = [
    listCheck(parts.env, about, region, answer, watching.failureCode()),
    ...skewCheck(about, watching),
    expiryCheck(about, token.expires(), answer.kind === 'ok', parts.clock.now()),
  ];
  if (answer.kind !== 'ok') return { region: region.name, mks, checks: common, clusters: undefined };
  const clusters = await mapBounded(answer.value, concurrency, async (cluster) => {
    const pools = await mks.listNodePools(cluster.id);
    return { cluster, answer: pools };
  });
  const looked = clusters.map((one) => ({
    cluster: one.cluster,
    pools: one.answer.kind === 'ok' ? one.answer.value : undefined,
  }));
  const checks = [
    ...common,
    ...poolChecks(about, clusters),
    await errorsCheck(about, mks, answer.value, watching),
    mayWrite(about),
  ];
  return { region: region.name, mks, checks, clusters: looked };
}

function skewCheck(about: string, watching: WatchingFetch): readonly Check[] {
  const { ok, warning, unknown } = checksOf(about);
  const skewMs = watching.skewMs();
  if (!watching.wasAnswered()) return [unknown('clock', 'no answer came that could tell the time of the server')];
  if (skewMs === undefined) return [unknown('clock', 'the server did not say what time it is')];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= mostSkewMs) return [ok('clock', "this machine's clock agrees with the server's")];
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  return [
    warning(
      'clock',
      `this machine's clock is ${seconds} s ${side} the server's`,
      'let the machine synchronise its clock (NTP)',
    ),
  ];
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
  const names = listed(bad.map(({ cluster }) => cluster.name));
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
  if (first === undefined) return unknown('errors', 'there is no cluster that could be asked for its errors');
  const answer = await mks.getCluster(first.id);
  if (answer.kind !== 'ok')
    return unknown('errors', `${first.name} could not be asked for its errors: ${describeAnswer(answer)}`);
  return (await watching.hadErrors())
    ? ok('errors', `errors are given when they are asked for (asked ${first.name})`)
    : warning(
        'errors',
        `errors were asked for and ${first.name}'s answer holds none, not even an empty list`,
        'incidents will show statuses without reasons; ask the provider how errors are read',
      );
}

function mayWrite(about: string): Check {
  return checksOf(about).unknown(
    'roles.write',
    'whether the token may change node pools cannot be seen without changing one',
    'to prove it with one PUT of a pool exactly as it is: lamplighter doctor --prove-write cluster/pool',
  );
}
