import { expect, test } from 'vitest';
import { tellObservations } from '../../../lib/jobs/watch/tell-observations.ts';
import { aConfig, destination, minuteMs, watchWorld } from './watch-world.ts';

const subject = { kind: 'destination', destination: 'pager' } as const;
const kind = 'destination.broken' as const;

test('what another job observes is told by the same rules, beside what the watch knows', async () => {
  const world = watchWorld(
    [],
    aConfig({ destinations: [destination('ops'), destination('pager', { kind: 'pagerduty' })] }),
  );
  const finding = { kind, subject, severity: 'critical', text: 'destination pager accepts no messages' } as const;
  await world.pass();
  await tellObservations(world.parts(), [{ kind, subject, state: 'bad', at: world.now, finding }]);
  await world.passes(3);
  expect(await world.outbox()).toEqual(['ops open destination.broken']);
  await tellObservations(world.parts(), [{ kind, subject, state: 'ok', at: world.now }]);
  expect(await world.outbox()).toEqual(['ops open destination.broken', 'ops resolve destination.broken']);
});

test('missed rounds resolve after a long calm, although the watch writes its own times meanwhile', async () => {
  const world = watchWorld([], aConfig({ destinations: [destination('ops')] }));
  const about = { kind: 'rounds.missed', subject: { kind: 'fleet' } } as const;
  const look = async (state: 'bad' | 'ok') => {
    const finding = { ...about, severity: 'critical', text: 'no round' } as const;
    const observation =
      state === 'bad' ? ({ ...about, state, at: world.now, finding } as const) : { ...about, state, at: world.now };
    await tellObservations(world.parts(), [observation]);
    await world.pass();
    world.now += minuteMs;
  };
  for (let episode = 0; episode < 4; episode += 1) {
    for (let i = 0; i < 3; i += 1) await look('bad');
    for (let i = 0; i < (episode < 3 ? 12 : 62); i += 1) await look('ok');
  }
  const said = await world.outbox();
  expect(said.filter((one) => one === 'ops resolve rounds.missed')).toHaveLength(4);
});

test('nothing wrong writes nothing', async () => {
  const world = watchWorld();
  await tellObservations(world.parts(), [{ kind, subject, state: 'ok', at: world.now }]);
  expect(world.memory.snapshot().size).toBe(0);
});
