import type { CompiledConfig } from '../decide/compiled-config.ts';
import type { Size } from '../decide/model.ts';
import type { PoolName } from '../decide/scaling/plan.ts';
import type { Store } from '../io/stores/store.ts';
import { decisionWrite } from '../jobs/records/cluster-records.ts';
import type { CliParts } from './cli-parts.ts';

/** Something a person did to a pool's memory. */
export type Deed = {
  readonly code: string;
  readonly from: Size | undefined;
  readonly to: Size | undefined;
  readonly what: string;
  readonly reason: string | undefined;
};

/** What a person did by a command stands in the pool's history, with who and why. */
export async function recordDeed(
  { clock, newId, who }: Pick<CliParts, 'clock' | 'newId' | 'who'>,
  store: Store,
  names: PoolName,
  deed: Deed,
  config: Pick<CompiledConfig, 'hash' | 'keepMs'>,
): Promise<void> {
  const { code, from, to, what, reason } = deed;
  const { region, clusterId, cluster, poolId, pool } = names;
  const why = reason === undefined ? what : `${what} (${reason})`;
  const at = clock.now();
  const decision = { schema: 1, at, region, clusterId, cluster, poolId, pool } as const;
  await store.commit([
    decisionWrite(
      { ...decision, kind: 'base', code, from, to, reason: why, who, configHash: config.hash },
      newId(),
      config.keepMs,
    ),
  ]);
}
