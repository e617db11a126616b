import { claimLastsMs } from '../../decide/scaling/claim.ts';
import { readClusterRecord } from '../../jobs/records/cluster-records.ts';
import { type Answer, describeAnswer } from '../../model/answer.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import { lookIntoStore } from '../config-and-store.ts';
import type { CliParts } from '../parts.ts';
import { poolLabels } from '../text/labels.ts';
import { type Check, checksOf } from './check-result.ts';
import type { LookedCluster, LookedRegion } from './region-checks.ts';
import { storeProblem } from './store-checks.ts';

/**
 * Sends one pool back exactly as it was read just before: the only proof that a token may change pools. Only where it is
 * Running, in a cluster that is Running, and nothing of ours is in flight there; never sent twice.
 */
export async function proveWrite(
  parts: CliParts,
  config: CompiledConfig,
  names: Names,
  region: LookedRegion | undefined,
): Promise<Check> {
  const label = poolLabels(config)(names);
  const { failed, unknown } = checksOf(`pool ${label}`);
  const notDone = (why: string, fix?: string) => unknown('roles.write', `nothing was sent: ${why}`, fix);
  const unread = region && unreadOf(region, names);
  if (unread) return notDone(`${unread} could not be read`, `see region ${names.region}`);
  const looked = clustersNamed(names, region);
  const pools = looked.flatMap(({ cluster, pools: own }) => (own ?? []).map((pool) => ({ cluster, pool })));
  const [found, ...others] = pools.filter(({ pool }) => pool.name === names.pool);
  if (region === undefined || found === undefined)
    return failed('roles.write', 'nothing was sent: there is no such pool', 'name one that is there');
  if (others.length > 0) return notDone('the name names more than one pool', 'choose another pool');
  const { cluster, pool } = found;
  if (cluster.status !== 'Running') return notDone(`the cluster is ${cluster.status}`, 'try again when it is Running');
  const obstacle = await changeInFlight(parts, config, names.region, cluster.id);
  if (obstacle) return notDone(obstacle.why, obstacle.fix);
  const fresh = await region.mks.getNodePool(cluster.id, pool.id);
  if (fresh.kind !== 'ok') return notDone(`the pool could not be read: ${describeAnswer(fresh)}`, 'try again later');
  const { status } = fresh.value.observed;
  if (status !== 'Running') return notDone(`the pool is ${status}`, 'try again when it is Running');
  const answer = await region.mks.putNodePool(cluster.id, fresh.value, {}, parts.clock.now() + claimLastsMs);
  return proofCheck(label, answer);
}

function clustersNamed(names: Names, region: LookedRegion | undefined): readonly LookedCluster[] {
  return (region?.clusters ?? []).filter(({ cluster }) => cluster.name === names.cluster);
}

/** What was not answered, and may well hold the pool. */
function unreadOf(region: LookedRegion, names: Names): string | undefined {
  if (region.clusters === undefined) return `the clusters of region ${names.region}`;
  const isUnread = clustersNamed(names, region).some(({ pools }) => pools === undefined);
  return isUnread ? `the node pools of ${names.cluster}` : undefined;
}

type Obstacle = { readonly why: string; readonly fix: string };

async function changeInFlight(
  parts: CliParts,
  config: CompiledConfig,
  region: string,
  clusterId: string,
): Promise<Obstacle | undefined> {
  const why = 'a change of this cluster is under way';
  try {
    const known = await lookIntoStore(parts, config, (store) => readClusterRecord(store, region, clusterId));
    return known?.record.change && { why, fix: 'try again in a quarter of an hour' };
  } catch (error) {
    const problem = storeProblem(error, config);
    return { why: `the store cannot tell whether ${why}: ${problem}`, fix: 'repair the store, then try again' };
  }
}

/** What the answer to one PUT of a pool, exactly as it was read, proves. */
function proofCheck(label: string, answer: Answer<unknown>): Check {
  const { ok, failed, unknown } = checksOf(`pool ${label}`);
  const sent = `one PUT of ${label} exactly as it was read`;
  switch (answer.kind) {
    case 'ok':
      return ok('roles.write', `the token may change node pools: ${sent} was accepted, nothing of it was changed`);
    case 'forbidden':
      return failed(
        'roles.write',
        `the token may not change node pools: ${sent} was refused: ${answer.detail}`,
        'give the token the role to update node pools, or set mode: observe',
      );
    case 'busy':
      return unknown('roles.write', `the service was busy: ${sent} was refused: ${answer.detail}`, 'try again later');
    case 'unknown':
      return unknown(
        'roles.write',
        answer.maybeApplied
          ? `whether ${sent} was accepted is not known; it changes nothing if it was: ${describeAnswer(answer)}`
          : `${sent} did not get through: ${describeAnswer(answer)}`,
        'try again later',
      );
    default:
      return failed(
        'roles.write',
        `${sent} was not accepted: ${describeAnswer(answer)}`,
        'ask the provider, quoting this answer',
      );
  }
}
