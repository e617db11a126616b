import { describe, expect, test } from 'vitest';
import type { EventSourceConfig } from '../../../lib/model/config.ts';
import { makeAcceptWorld } from './accept-world.ts';
import { now, sources } from './fixtures.ts';
import { listSamples, readSample } from './samples.ts';

const { ci, cloudevents, scenes } = sources;
const alerts = sources['queue-depth'];

/** File → the source it comes in through, what becomes of it, and what a person reads. */
const table: { readonly [file: string]: readonly [EventSourceConfig, 'refused' | 'ignored', string] } = {
  'not-json.txt': [ci, 'refused', 'the event is not JSON'],
  'empty.txt': [ci, 'refused', 'the event is empty'],
  'proto.txt': [
    ci,
    'refused',
    '"__proto__" is not a key of an event: the keys are id, lease, time, pool, atLeast, for, until, reason, release',
  ],
  'a-text.json': [ci, 'refused', 'the event is "scale up please": it must be a JSON object'],
  'empty-batch.json': [ci, 'ignored', 'the batch is empty'],
  'no-id.json': [ci, 'refused', 'id is missing'],
  'no-lease.json': [ci, 'refused', 'lease is missing'],
  'no-time.json': [ci, 'refused', 'time is missing: write a date and time such as 2026-11-23T08:30:00Z'],
  'no-pool.json': [ci, 'refused', 'pool is missing'],
  'time-without-offset.json': [
    ci,
    'refused',
    'time is "2026-11-23T08:30:00", which has no offset: end it with Z or +01:00',
  ],
  'time-ahead.json': [ci, 'refused', "time is 2026-11-23T08:36:00Z, more than 5 minutes ahead of this machine's clock"],
  'time-impossible.json': [
    ci,
    'refused',
    'time is "2026-02-30T08:30:00Z", which is not a date and time: write one such as 2026-11-23T08:30:00Z',
  ],
  'time-as-number.json': [
    ci,
    'refused',
    'time is 1795422600, which is not a date and time: write one such as 2026-11-23T08:30:00Z',
  ],
  'pool-glob.json': [ci, 'refused', 'pool is "ml/*": an event names one pool exactly, without globs'],
  'pool-without-cluster.json': [ci, 'refused', 'pool is "gpu": write cluster/pool or region:cluster/pool'],
  'pool-not-allowed.json': [ci, 'refused', 'pool "prod-a/workers" is not in the source\'s may list'],
  'pool-without-rule.json': [ci, 'refused', 'no rule of the config covers pool "r1:ml/cpu"'],
  'pool-unknown.json': [ci, 'refused', 'the fleet has no pool "ml/gpu2" in region r1'],
  'pool-watched-only.json': [ci, 'refused', 'pool "r1:mgmt/system" is only watched: its rule says schedule: none'],
  'region-unknown.json': [ci, 'refused', 'region "r9" is not in the config: its regions are r1, r2'],
  'pool-in-two-regions.json': [
    ci,
    'refused',
    'pool "twin/gpu" may be in more than one region: write r1:twin/gpu or r2:twin/gpu',
  ],
  'at-least-missing.json': [ci, 'refused', 'atLeast is missing: it says how many nodes are asked for'],
  'at-least-negative.json': [ci, 'refused', 'atLeast is -1: it must be a whole number from 1'],
  'at-least-zero.json': [ci, 'refused', 'atLeast is 0: it must be a whole number from 1'],
  'at-least-fraction.json': [ci, 'refused', 'atLeast is 2.5: it must be a whole number from 1'],
  'at-least-text.json': [ci, 'refused', 'atLeast is "6": it must be a whole number from 1'],
  'at-least-nan.txt': [ci, 'refused', 'the event is not JSON'],
  'at-least-infinite.txt': [ci, 'refused', 'atLeast is Infinity: it must be a whole number from 1'],
  'no-end.json': [ci, 'refused', 'for and until are both missing: a lease must end'],
  'two-ends.json': [ci, 'refused', 'for and until are both given: write one'],
  'end-in-year-9999.json': [
    ci,
    'refused',
    'the lease would end at 9999-12-31T23:59:59Z, more than a year away: that is too long for a lease',
  ],
  'end-before-begin.json': [ci, 'refused', 'the lease ends at 2026-11-23T08:00:00Z, before it begins'],
  'end-without-offset.json': [
    ci,
    'refused',
    'until is "2026-11-23T10:30", which has no offset: end it with Z or +01:00',
  ],
  'for-without-unit.json': [ci, 'refused', 'for is "120", which is not a duration: write one such as 30m, 2h or 1h30m'],
  'for-nothing.json': [ci, 'refused', 'for is "0s": it must be longer than 0'],
  'misspelt-key.json': [
    ci,
    'refused',
    '"atleast" is not a key of an event: the keys are id, lease, time, pool, atLeast, for, until, reason, release',
  ],
  'lease-too-long.json': [ci, 'refused', 'lease has 200 characters: the limit is 128'],
  'lease-unprintable.json': [ci, 'refused', 'lease contains a character that cannot be printed'],
  'release-with-size.json': [ci, 'refused', 'release: true ends the lease: leave out atLeast'],
  'release-as-text.json': [ci, 'refused', 'release is "yes": it must be true, or absent'],
  'already-over.json': [ci, 'ignored', 'the lease ended at 2026-11-20T10:30:00Z, before the event came'],
  'cloudevent-old-version.json': [ci, 'refused', 'specversion is "0.3": only CloudEvents 1.0 is supported'],
  'cloudevent-without-data.json': [cloudevents, 'refused', 'data is missing, or is not JSON: put the event there'],
  'cloudevent-without-type.json': [
    cloudevents,
    'refused',
    'type is missing: a CloudEvent has id, source, specversion and type',
  ],
  'alertmanager-old-version.json': [
    alerts,
    'refused',
    'version is "3": only version "4" of Alertmanager\'s webhook is supported',
  ],
  'alertmanager-without-alerts.json': [alerts, 'refused', 'alerts is missing: it must be the list of alerts'],
  'alertmanager-without-label.json': [
    alerts,
    'refused',
    "the event has no cluster, from which the pool's name is made",
  ],
  'alertmanager-without-fingerprint.json': [alerts, 'refused', 'fingerprint is missing'],
  'alertmanager-label-breaks-out.json': [
    alerts,
    'refused',
    'cluster is "a/workers": a value in a pool\'s name must not contain "/" or ":"',
  ],
  'alertmanager-label-is-a-glob.json': [
    alerts,
    'refused',
    'pool is "prod-*/workers": an event names one pool exactly, without globs',
  ],
  'alertmanager-other-alert.json': [alerts, 'ignored', "the alert's alertname does not match source queue-depth"],
  'eventbridge-without-time.json': [
    scenes,
    'refused',
    'time is missing: write a date and time such as 2026-11-23T08:30:00Z',
  ],
  'eventbridge-other-event.json': [scenes, 'ignored', 'the event does not match the pattern of source scenes'],
  'eventbridge-is-none.json': [
    scenes,
    'refused',
    'this is not an EventBridge event: detail-type, source and detail are missing',
  ],
  's3-direct.json': [
    scenes,
    'refused',
    'this is a notification straight from S3: turn on EventBridge for the bucket and use its events',
  ],
  's3-test-message.json': [scenes, 'ignored', "this is S3's test message: the queue works"],
  'sns-not-json.json': [ci, 'refused', 'the event is not JSON'],
};

const isKnownPool = async ({ pool }: { pool: string }) => pool !== 'gpu2';

describe('a broken event', () => {
  test('every file has its row', () => {
    expect(listSamples('broken/').toSorted()).toEqual(Object.keys(table).toSorted());
  });

  test.each(Object.entries(table))('%s is declined with a reason', async (file, [source, kind, reason]) => {
    const world = makeAcceptWorld({ isKnownPool });
    const [outcome] = await world.send(source, readSample(`broken/${file}`));
    expect([outcome?.kind, outcome?.reason]).toEqual([kind, reason]);
    expect(await world.asks()).toEqual([]);
    expect(world.woken).toEqual([]);
  });

  test('costs none of its neighbours', async () => {
    const world = makeAcceptWorld({ isKnownPool });
    const good = (n: number) => ({
      id: `g${n}`,
      lease: `g${n}`,
      time: new Date(now).toISOString(),
      pool: 'ml/gpu',
      atLeast: 2,
      for: '1h',
    });
    const files = Object.keys(table).filter((file) => table[file]![0] === ci);
    const bodies = files.flatMap((file, n) => [good(n), readSample(`broken/${file}`)]);
    const outcomes = await world.send(ci, ...bodies);
    expect(outcomes.filter((_, at) => at % 2 === 0).map(({ kind }) => kind)).toEqual(files.map(() => 'stored'));
    expect((await world.live()).map(({ events }) => events)).toHaveLength(files.length);
    const again = await world.send(ci, ...bodies);
    expect(again.filter((_, at) => at % 2 === 0).every(({ kind }) => kind === 'unchanged')).toBe(true);
    expect(await world.live()).toHaveLength(files.length);
  });
});
