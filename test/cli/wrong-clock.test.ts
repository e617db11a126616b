import { expect, test } from 'vitest';
import { aCliWorld } from './cli-world.ts';

const hour = 3_600_000;

test('plan, status and explain say that a wrong clock changes nothing', async () => {
  using world = aCliWorld('2026-11-23T12:00:00Z');
  await world.run('run', '--once');
  await world.clock.advance(12 * hour);
  world.world.behaviour.dateSkewMs = -12 * hour;
  const plan = await world.run('plan');
  expect(plan.out).toMatch(
    /^holds dev-api\/workers at \d: the clocks of this machine and of the region's API are 12 h apart/m,
  );
  expect(plan.out).toMatch(
    /^problem: The clock of this machine shows .*01:00 Europe\/Berlin.* shows .*13:00 Europe\/Berlin/m,
  );
  expect(plan.code).toBe(1);
  const before = world.world.requests.filter(({ method }) => method === 'PUT').length;
  await world.run('run', '--once');
  expect(world.world.requests.filter(({ method }) => method === 'PUT').length).toBe(before);
  const status = await world.run('status');
  expect(status.out).toMatch(/critical clock\.skewed: The clock of this machine shows .*01:00 Europe\/Berlin/);
  expect(status.out).toMatch(
    /dev-api\/workers .*held: the clocks of this machine and of the region's API are 12 h apart; correct the clock of this machine/,
  );
  const explained = await world.run('explain', 'dev-api/workers');
  expect(explained.out).toContain('are 12 h apart; correct the clock of this machine');
  world.world.behaviour.dateSkewMs = 0;
  await world.run('run', '--once');
  expect((await world.run('status')).out).not.toContain('12 h apart');
});
