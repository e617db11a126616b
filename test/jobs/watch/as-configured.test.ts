import { expect, test } from 'vitest';
import { incidentKey } from '../../../lib/decide/incidents/incident.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { incidentWrite, listIncidents } from '../../../lib/jobs/records/incident-records.ts';
import { anIncident } from '../../support/receivers/outbox-world.ts';
import { aCluster, aConfig, destination, minuteMs, start, type WatchWorld, watchWorld } from './watch-world.ts';

const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const version = { id: 'v1', version: '1.35.1', eol: undefined };

async function openFacts(world: WatchWorld) {
  const open = (await listIncidents(world.memory)).filter(({ record }) => record.phase === 'open');
  return open.map(({ record }) => [record.kind, record.facts]);
}

test('an upgrade to a version that the config says is over is not offered', async () => {
  const versions = { '1.35': { eol: start + 31 * dayMs }, '1.36': { eol: start - dayMs } };
  const world = watchWorld([aCluster({ version })], aConfig({ versions, destinations: [destination('ops')] }));
  world.versions = ['1.36.2', '1.37.0'].map((one) => ({ id: one, version: one, eol: undefined }));
  await world.pass();
  expect(await openFacts(world)).toMatchObject([['version.eol', { offers: '1.37.0' }]]);
});

test.each([
  [undefined, 31],
  ['Europe/Berlin', 31],
  ['Pacific/Auckland', 30],
])('days to an end are counted in the zone of the config: %s', async (zone, daysLeft) => {
  const versions = { '1.35': { eol: Date.UTC(2026, 11, 24) } };
  const world = watchWorld([aCluster({ version })], aConfig({ versions, zone }));
  world.now = Date.UTC(2026, 10, 23, 12);
  await world.pass();
  expect(await openFacts(world)).toMatchObject([['version.eol', { daysLeft }]]);
});

test.each([
  [15, 4],
  [60, 13],
])('a change is stuck after the %i min that the config says', async (minutes, passes) => {
  const watch = { ...aConfig().watch, stuckAfterMs: minutes * minuteMs };
  const world = watchWorld([aCluster({ status: 'Upgrading' })], aConfig({ watch }));
  await world.passes(passes);
  expect(await openFacts(world)).toEqual([]);
  await world.passes(2);
  expect(await openFacts(world)).toMatchObject([['cluster.stuck', { status: 'Upgrading' }]]);
});

test('an answer without the version forgets no end, and tells none again', async () => {
  const dated = { ...version, eol: start + 31 * dayMs };
  const world = watchWorld([aCluster({ version: dated })], aConfig({ destinations: [destination('ops')] }));
  await world.passes(2);
  for (const known of [undefined, dated]) {
    world.clusters = [aCluster({ version: known })];
    await world.passes(2);
  }
  expect(await world.outbox()).toEqual(['ops open version.eol']);
});

test.each([
  ['is retired', [destination('ops'), destination('pager', { retired: true })], 'the destination was retired'],
  ['is gone', [destination('ops')], 'the destination was removed from the config'],
])('the alarm about a destination that %s is over', async (_, destinations, cause) => {
  const world = watchWorld([aCluster()], aConfig({ destinations: [destination('ops'), destination('pager')] }));
  await world.pass();
  const [ops] = (await listAll(world.memory, 'destinations')).map(({ key }) => key.id);
  const subject = { kind: 'destination', destination: 'pager' } as const;
  const told = { [ops!]: { at: start, episode: start, severity: 'critical' as const } };
  const key = incidentKey('destination.broken', subject, world.parts().hash);
  const broken = anIncident(1, {
    key,
    kind: 'destination.broken',
    subject,
    episode: start,
    openedAt: start,
    told,
    sequence: 1,
  });
  await world.memory.commit([incidentWrite(broken, undefined)]);
  await world.passes(2);
  expect(await openFacts(world)).toHaveLength(1);
  world.config = { ...world.config, destinations };
  await world.passes(2);
  expect((await listIncidents(world.memory)).map(({ record }) => [record.phase, record.cause])).toEqual([
    ['quiet', cause],
  ]);
  expect(await world.outbox()).toEqual(['ops resolve destination.broken']);
});
