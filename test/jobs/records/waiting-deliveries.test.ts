import { expect, test } from 'vitest';
import type { Container } from '../../../functions/container.ts';
import { reportDelivering } from '../../../functions/report-rounds.ts';
import type { OpenedApp } from '../../../lib/cli/run/process-parts.ts';
import { makeRunMetrics, refresh, standingOf } from '../../../lib/cli/run/prometheus-metrics.ts';
import { batchId } from '../../../lib/decide/outbox/batch.ts';
import { metricNames } from '../../../lib/io/metric-names.ts';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { outboxPartition } from '../../../lib/jobs/records/delivery-records.ts';
import { aDelivery, aDestination, makeOutboxWorld, start } from '../../support/receivers/outbox-world.ts';
import { makeSlack } from '../../support/receivers/targets.ts';

const minute = 60_000;

/** Eight messages for a Slack that is down have become one batch; the first was queued a minute before the others. */
async function aWaitingBatch() {
  const slack = makeSlack();
  slack.faults = () => ({ kind: 'answer', reply: { status: 503 } });
  const world = makeOutboxWorld([aDestination({ name: 'slack', kind: 'slack' })], { slack });
  const queuedAt = (n: number) => start - (n === 3 ? minute : 0);
  const messages = Array.from({ length: 8 }, (_, n) => aDelivery(world.idOf('slack'), n, { queuedAt: queuedAt(n) }));
  await world.put(...messages);
  await deliverAlerts(world.parts);
  const stored = await world.store.list(outboxPartition(world.idOf('slack')));
  expect(stored.map(({ key }) => key.id)).toEqual([batchId]);
  return world;
}

test('messages that wait as one batch are counted each, and are as old as the oldest of them', async () => {
  const { store, config } = await aWaitingBatch();
  const metrics = makeRunMetrics();
  metrics.showStanding(await standingOf({ store } as unknown as OpenedApp, config));
  const { text } = await metrics.render();
  expect(text).toContain(`${metricNames.waitingDeliveries}{destination="slack"} 8\n`);
  expect(text).toContain(`${metricNames.oldestDelivery}{destination="slack"} ${(start - minute) / 1000}\n`);
});

test('what waits is counted when somebody looks, not after the next round', async () => {
  const { store, config, put, idOf } = await aWaitingBatch();
  const metrics = makeRunMetrics();
  const opened = { store } as unknown as OpenedApp;
  await refresh(metrics, opened, config);
  await put(aDelivery(idOf('slack'), 9));
  await refresh(metrics, opened, config);
  expect((await metrics.render()).text).toContain(`${metricNames.waitingDeliveries}{destination="slack"} 9\n`);
});

test('the alarm for an old outbox sees a batch that waits, and one message beside it', async () => {
  const { store, config, clock, put, idOf } = await aWaitingBatch();
  await put(aDelivery(idOf('slack'), 9));
  clock.moveTo(start + 44 * minute);
  const values: unknown[] = [];
  const container = {
    app: { parts: { store, clock } },
    config,
    report: (_: string, said: unknown) => values.push(said),
  };
  const answer = await reportDelivering(container as unknown as Container, { destinations: [], problems: [] });
  expect(answer).toEqual({ waiting: 9, problems: 0 });
  expect(values).toMatchObject([{ [metricNames.waitingDeliveries]: 9, [metricNames.oldestDeliveryAge]: 45 * 60 }]);
});

test('an empty outbox has no age', async () => {
  const { store, config, clock } = makeOutboxWorld([aDestination({ name: 'slack', kind: 'slack' })], {});
  const values: unknown[] = [];
  const container = {
    app: { parts: { store, clock } },
    config,
    report: (_: string, said: unknown) => values.push(said),
  };
  await reportDelivering(container as unknown as Container, { destinations: [], problems: [] });
  expect(values).toMatchObject([{ [metricNames.waitingDeliveries]: 0, [metricNames.oldestDeliveryAge]: 0 }]);
  expect((await standingOf({ store } as unknown as OpenedApp, config)).waiting).toEqual([]);
});
