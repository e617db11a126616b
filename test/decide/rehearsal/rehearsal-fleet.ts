import type { Rehearsal } from '../../../lib/decide/rehearsal/rehearsal.ts';
import { rehearse } from '../../../lib/decide/rehearsal/rehearse.ts';
import type { ObservedFleetCluster } from '../../../lib/decide/scaling/memory.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import type { EpochMs } from '../../../lib/model/time.ts';
import { aConfig, at } from '../../support/scaling-world.ts';

export function aCluster(
  name: string,
  pools: readonly ObservedPool[],
  patch: Partial<ObservedFleetCluster> = {},
): ObservedFleetCluster {
  const cluster = {
    region: 'r1',
    id: `id-${name}`,
    name,
    status: 'Running',
    createdAt: at('2018-01-01T00:00:00Z'),
    updatedAt: at('2018-01-01T00:00:00Z'),
    version: undefined,
    errors: [],
  };
  return { cluster, pools, record: undefined, lookedAt: undefined, ...patch };
}

export function rehearsed(
  clusters: readonly ObservedFleetCluster[],
  from: string,
  to: string,
  config: Partial<CompiledConfig> = {},
): Rehearsal {
  const span = { from: at(from), to: at(to) };
  return rehearse({ ...span, config: aConfig(config), clusters, asks: [], storedRules: new Map() });
}

export function iso(instant: EpochMs | undefined): string | undefined {
  return instant === undefined ? undefined : new Date(instant).toISOString().slice(0, 16);
}
