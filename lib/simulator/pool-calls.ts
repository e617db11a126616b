import { startPoolCreation, startPoolDeletion } from './activities.ts';
import { isBusy, poolShape } from './api-json.ts';
import { moveAutoscaledPool } from './autoscaler.ts';
import { type Call, idIn, isName, withBody, withCluster, withPool } from './call.ts';
import { addPool } from './create-things.ts';
import { poolText, textAsOf } from './past-answers.ts';
import { accepted, acceptedItems, acceptedText, type Refusal, type Reply, refusals } from './reply.ts';
import { busy, type PoolFields, readPoolFields, updatePool } from './update-pool.ts';
import type { WorldCluster, WorldPool, WorldState } from './world-model.ts';

type Body = { readonly [key: string]: unknown };

export function listPools(state: WorldState, call: Call): Reply | Refusal {
  return withCluster(state, call, (cluster) => {
    const gone = call.asOf === undefined ? [] : cluster.gonePools;
    const pools = [...cluster.pools.values(), ...gone];
    return acceptedItems(pools.flatMap((pool) => textFor(state, pool, call) ?? []));
  });
}

export function getPool(state: WorldState, call: Call): Reply | Refusal {
  return withPool(state, call, (pool) => {
    const text = textFor(state, pool, call);
    return text === undefined ? refusals.notFound('node pool not found') : acceptedText(text);
  });
}

function textFor(state: WorldState, pool: WorldPool, call: Call): string | undefined {
  if (pool.deletedAt === undefined) moveAutoscaledPool(state, pool);
  const text = poolText(state, pool);
  return call.asOf === undefined ? text : textAsOf(pool, text, call.asOf);
}

export function putPool(state: WorldState, call: Call): Reply | Refusal {
  return withPool(state, call, (pool) =>
    withBody(call, (body) => {
      const read = readPoolFields(body);
      if ('refusal' in read) return read.refusal;
      return updatePool(state, pool, read.fields) ?? acceptedText(poolText(state, pool));
    }),
  );
}

export function postPool(state: WorldState, call: Call): Reply | Refusal {
  return withCluster(state, call, (cluster) =>
    withBody(call, (body) => {
      if (isBusy(cluster)) return busy(state.behaviour);
      const pool = createPool(state, cluster, body);
      return 'status' in pool ? pool : accepted(poolShape(state, pool.pool, 9));
    }),
  );
}

/** The pools that come with a new cluster. */
export function createPools(state: WorldState, cluster: WorldCluster, bodies: unknown): Refusal | undefined {
  for (const body of Array.isArray(bodies) ? (bodies as Body[]) : []) {
    const created = createPool(state, cluster, body);
    if ('status' in created) return created;
  }
  return undefined;
}

function createPool(state: WorldState, cluster: WorldCluster, body: Body): { readonly pool: WorldPool } | Refusal {
  const read = readPoolFields(body);
  if ('refusal' in read) return read.refusal;
  if (!isName(body['name'])) return refusals.invalid('invalid name');
  const flavor = state.machineSpecs.find((spec) => spec.id === idIn(body, 'machine_spec'))?.name;
  if (flavor === undefined) return refusals.invalid('machine spec not found');
  const pool = addPool(state, cluster, { name: body['name'], flavor, ...sizesOf(read.fields) }, state.at);
  const { labels = [], taints = [], sharedNetworks = [] } = read.fields;
  Object.assign(pool, { labels, taints, sharedNetworks });
  startPoolCreation(state, pool, state.at);
  return { pool };
}

function sizesOf(fields: PoolFields): { readonly size: number } | { readonly min: number; readonly max: number } {
  if (fields.autoscale !== true) return { size: fields.size ?? 0 };
  const min = fields.sizeMin ?? 0;
  return { min, max: Math.max(min, fields.sizeMax ?? min) };
}

export function deletePool(state: WorldState, call: Call): Reply | Refusal {
  return withPool(state, call, (pool) => {
    if (pool.activity?.kind === 'Deleting') return accepted({});
    if (isBusy(pool.cluster)) return busy(state.behaviour);
    startPoolDeletion(state, pool, state.at);
    return accepted({});
  });
}
