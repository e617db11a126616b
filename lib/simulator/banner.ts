import { apiBase } from './routes.ts';
import type { World } from './create-world.ts';

/** What a person who started the simulator needs to know: where it is, how to get in, what is there. */
export function simulatorBanner(world: World, url: string): string {
  const { clusters, speed, region } = world.state;
  let pools = 0;
  for (const cluster of clusters.values()) pools += cluster.pools.size;
  const pace = speed === 1 ? 'in real time' : `${speed} times faster than real time`;
  return [
    `A simulated MKS API, ${pace}`,
    '',
    `  API     ${url}${apiBase}`,
    `  token   ${world.token}`,
    `  region  ${region.name}`,
    `  fleet   ${clusters.size} clusters, ${pools} node pools`,
    '',
    `  curl -H 'Authorization: Token ${world.token}' ${url}${apiBase}/cluster`,
    '',
  ].join('\n');
}
