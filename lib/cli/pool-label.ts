import type { CompiledConfig } from '../decide/compiled-config.ts';
import type { Names } from '../decide/match.ts';
import { printable } from './render/table.ts';

/** How texts name a pool. */
export type PoolLabel = (names: Names) => string;

/** With its region where the config has several, since the same names may be in each of them. */
export function poolLabels(config: Pick<CompiledConfig, 'regions'>): PoolLabel {
  const label = clusterLabels(config);
  return (names) => `${label(names)}/${printable(names.pool)}`;
}

/** The same for a cluster. */
export function clusterLabels({
  regions,
}: Pick<CompiledConfig, 'regions'>): (names: Pick<Names, 'region' | 'cluster'>) => string {
  const hasSeveral = regions.length > 1;
  return ({ region, cluster }) => printable(`${hasSeveral ? `${region}:` : ''}${cluster}`);
}
