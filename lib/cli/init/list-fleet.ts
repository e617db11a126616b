import { openSecrets } from '../../app.ts';
import { CommandError } from '../../errors.ts';
import { makeMks } from '../../io/mks/client.ts';
import { concurrency, mapBounded } from '../../jobs/concurrency.ts';
import { describeAnswer } from '../../model/answer.ts';
import { isDeleting, type ObservedCluster, type ObservedPool } from '../../model/cluster.ts';
import type { RegionConfig } from '../../model/config.ts';
import { compareText } from '../../model/text.ts';
import { type CliParts, makeCliLog } from '../parts.ts';

/** `pools` undefined = could not be listed, and why. */
export type ListedCluster = {
  readonly cluster: ObservedCluster;
  readonly pools: readonly ObservedPool[] | undefined;
  readonly problem: string | undefined;
};

/** Every cluster of a region with its pools, in order of name. Reads only; a token that may list is enough. */
export async function listFleet(parts: CliParts, region: RegionConfig): Promise<readonly ListedCluster[]> {
  const secrets = openSecrets({ ...parts, log: makeCliLog(parts, 'error') });
  const token = secrets.token(region.token);
  const mks = makeMks({ ...parts, region, token });
  const answer = await mks.listClusters();
  if (answer.kind !== 'ok')
    throw new CommandError(
      `The clusters of ${region.url} could not be listed with the token from ${token.reference}: ${describeAnswer(answer)}`,
    );
  const clusters = answer.value.filter((cluster) => !isDeleting(cluster));
  const listed = await mapBounded(clusters, concurrency, async (cluster): Promise<ListedCluster> => {
    const pools = await mks.listNodePools(cluster.id);
    if (pools.kind === 'ok') return { cluster, pools: pools.value, problem: undefined };
    return { cluster, pools: undefined, problem: describeAnswer(pools) };
  });
  return listed.toSorted((a, b) => compareText(a.cluster.name, b.cluster.name));
}
