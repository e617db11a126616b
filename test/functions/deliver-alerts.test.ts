import type { Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import { type Container, makeRequestLog } from '../../functions/container.ts';
import { makeHandler } from '../../functions/deliver-alerts.ts';
import { makeApp, openSecrets, sha256 } from '../../lib/app.ts';
import { destinationId } from '../../lib/decide/incidents/routing.ts';
import { systemClock } from '../../lib/io/clock.ts';
import { randomId } from '../../lib/io/ids.ts';
import { silentLog } from '../../lib/io/log.ts';
import type { MetricValues } from '../../lib/io/metric-names.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import { deliveryWrite } from '../../lib/jobs/records/incident-records.ts';
import { seenKey } from '../../lib/jobs/records/last-rounds.ts';
import { writeRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import { compiled } from '../config/compile-text.ts';
import { startServer } from '../support/local-server.ts';
import { aDelivery } from '../support/receivers/outbox-world.ts';

const text = `timezone: Europe/Berlin
regions: { r1: { api: eumetsat-r1, token: { env: TOKEN } } }
schedules: { s: { windows: [], otherwise: base } }
pools: [{ match: "ml/gpu", schedule: s, base: 1 }]
heartbeat: { url: { env: BEAT }, insecure: true }
`;
const nowhere = 'destinations: { ops: { kind: slack, url: { env: NOWHERE } } }\n';

async function aFunction(beat: string, destinations = nowhere, env: Record<string, string> = {}) {
  const [clock, newId, redactor] = [systemClock, randomId, makeRedactor()];
  const store = makeMemoryStore({ newId });
  const secrets = openSecrets({ clock, redactor, log: silentLog, env: { BEAT: beat, ...env } });
  const metrics: MetricValues[] = [];
  const config = await compiled(text + destinations, { now: clock.now() });
  const container: Container = {
    config,
    app: makeApp({ store, fetch, clock, newId, log: silentLog, redactor, secrets }),
    log: makeRequestLog(silentLog),
    invoke: async () => true,
    report: (_, values) => void metrics.push(values),
  };
  const run = (leftMs: number) =>
    makeHandler(async () => container)({}, { awsRequestId: 'r1', getRemainingTimeInMillis: () => leftMs } as Context);
  return { store, config, metrics, run };
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

test('a message that waits is counted, with its age in seconds', async () => {
  const { store, config, metrics, run } = await aFunction('https://hc-ping.com/uuid');
  const [ops] = config.destinations;
  const queuedAt = Date.now() - 600_000;
  await store.commit([deliveryWrite(aDelivery(destinationId(ops!, sha256), 1, { queuedAt }))]);
  expect(await run(20_000)).toMatchObject({ waiting: 1 });
  const { lamplighter_waiting_deliveries: count, lamplighter_oldest_waiting_delivery_age_seconds: age } = metrics[0]!;
  expect(count).toBe(1);
  expect(age).toBeGreaterThanOrEqual(600);
  expect(age).toBeLessThan(700);
});

test('a run whose time is nearly over begins no heartbeat', async () => {
  await using server = await startServer((_, response) => response.writeHead(200).end());
  const { run } = await aFunction(`${server.url}/ping/uuid`);
  await run(20_000);
  expect(server.seen).toEqual([]);
});

test('messages go before the heartbeat, and their age is in seconds', async () => {
  await using server = await startServer(({ path }, response) => {
    response.writeHead(path === '/hook' ? 503 : 200, { 'retry-after': '600' }).end();
  });
  const to = `destinations: { hook: { kind: webhook, url: { env: HOOK }, insecure: true } }\n`;
  const { store, metrics, run, config } = await aFunction(`${server.url}/ping/uuid`, to, {
    HOOK: `${server.url}/hook`,
  });
  const [destination] = config.destinations;
  const id = destinationId(destination!, sha256);
  const delivery = aDelivery(id, 1, { queuedAt: Date.now() - 300_000 });
  await store.commit([deliveryWrite(delivery)]);
  expect(await run(60_000)).toMatchObject({ waiting: 1 });
  expect(server.seen.map(({ path }) => path.slice(0, 5))).toEqual(['/hook', '/ping']);
  const age = metrics[0]?.lamplighter_oldest_waiting_delivery_age_seconds ?? 0;
  expect(age).toBeGreaterThanOrEqual(300);
  expect(age).toBeLessThan(400);
});
