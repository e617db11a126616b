import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { clusterId, makeRegion } from '../io/mks/region.ts';
import { listenLocally } from '../support/listen-locally.ts';

/** Pools as small as they can be (so that many fit), and as the API sends them. */
const small = (n: number) => ({ id: `p${n}`, name: `p${n}`, status: 'Running', size: 1 });
const usual = (n: number) => ({
  ...small(n),
  autoscale: false,
  flavor: 'eo2a.large',
  labels: [],
  taints: [],
  x: 'y'.repeat(300),
});

test.each([
  ['100,000 small pools', 100_000, small],
  ['100,000 usual pools', 100_000, usual],
  ['as many small pools as fit into 5 MB', 75_000, small],
  ['2,000 usual pools', 2000, usual],
])('%s in one cluster hold up the process for at most 200 ms', async (_, count, pool) => {
  const text = JSON.stringify({ items: Array.from({ length: count }, (__, n) => pool(n)) });
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  });
  const { mks } = makeRegion(await listenLocally(server));
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const answer = await mks.listNodePools(clusterId);
  await new Promise((resolve) => setTimeout(resolve, 50));
  delays.disable();
  server.close();
  expect(answer.kind).toBe(count > 2000 ? 'unknown' : 'ok');
  expect(delays.max / 1e6).toBeLessThan(200);
});
