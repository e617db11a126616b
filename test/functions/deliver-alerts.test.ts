import type { Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import { type Container, makeRequestLog } from '../../functions/container.ts';
import { makeHandler } from '../../functions/deliver-alerts.ts';
import { makeApp, openSecrets } from '../../lib/app.ts';
import { systemClock } from '../../lib/io/clock.ts';
import { randomId } from '../../lib/io/ids.ts';
import { silentLog } from '../../lib/io/log.ts';
import type { MetricValues } from '../../lib/io/metric-names.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import { seenKey } from '../../lib/jobs/records/last-rounds.ts';
import { writeRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import { compiled } from '../config/compile-text.ts';
import { startServer } from '../support/local-server.ts';

const config = `timezone: Europe/Berlin
regions: { r1: { api: eumetsat-r1, token: { env: TOKEN } } }
schedules: { s: { windows: [], otherwise: base } }
pools: [{ match: "ml/gpu", schedule: s, base: 1 }]
heartbeat: { url: { env: BEAT }, insecure: true }
`;

async function aFunction(beat: string) {
  const [clock, newId, redactor] = [systemClock, randomId, makeRedactor()];
  const store = makeMemoryStore({ newId });
  const secrets = openSecrets({ clock, redactor, log: silentLog, env: { BEAT: beat } });
  const metrics: MetricValues[] = [];
  const container: Container = {
    config: await compiled(config, { now: clock.now() }),
    app: makeApp({ store, fetch, clock, newId, log: silentLog, redactor, secrets }),
    log: makeRequestLog(silentLog),
    invoke: async () => true,
    report: (_, values) => void metrics.push(values),
  };
  const run = (leftMs: number) =>
    makeHandler(async () => container)({}, { awsRequestId: 'r1', getRemainingTimeInMillis: () => leftMs } as Context);
  return { store, metrics, run };
}

test('each run says outside that somebody watches, and after a round that all is well', async () => {
  await using server = await startServer((_, response) => response.writeHead(200).end());
  const { store, metrics, run } = await aFunction(`${server.url}/ping/uuid`);
  expect(await run(60_000)).toEqual({ waiting: 0, problems: 0 });
  const at = Date.now();
  const seen = { schema: 1, at, configHash: 'x', clusters: 1, answered: [] };
  await store.commit([{ kind: 'putIfAbsent', key: seenKey, value: seen }]);
  const round = { schema: 1, at, region: 'r1', configHash: '', isAnswered: true, checkedClusters: [] } as const;
  await writeRoundFindings(store, { ...round, findings: [], clusters: 0, pools: 0, shard: { index: 0, count: 1 } });
  await run(60_000);
  expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /ping/uuid/fail', 'GET /ping/uuid']);
  expect(metrics.map((values) => Object.keys(values))).toEqual([
    expect.arrayContaining(['lamplighter_oldest_waiting_delivery_age_seconds']),
    expect.arrayContaining(['lamplighter_last_round_timestamp_seconds']),
  ]);
});

test('a run whose time is nearly over begins no heartbeat', async () => {
  await using server = await startServer((_, response) => response.writeHead(200).end());
  const { run } = await aFunction(`${server.url}/ping/uuid`);
  await run(20_000);
  expect(server.seen).toEqual([]);
});
