import { describe, expect, test } from 'vitest';
import { aCliWorld, usualConfig } from './cli-world.ts';

const night = '2026-11-23T20:00:00Z';
const twoRegions = usualConfig.replace(
  '\nschedules:',
  '\n  r2: { api: "http://127.0.0.1:8091", token: { env: MKS_TOKEN } }\nschedules:',
);

/** Both regions show the same fleet, so every name is there twice. */
describe('with two regions every line says which one', () => {
  test('plan, status, history and rehearse', async () => {
    using world = aCliWorld(night, twoRegions);
    const { out } = await world.run('plan');
    for (const region of ['r1', 'r2']) expect(out).toContain(`would scale ${region}:dev-api/build 2 → 0`);
    await world.run('run', '--once');
    const status = await world.run('status');
    for (const region of ['r1', 'r2']) expect(status.out).toMatch(new RegExp(`^${region}:ml/gpu `, 'm'));
    const history = await world.run('history');
    for (const region of ['r1', 'r2']) expect(history.out).toContain(` ${region}:ml/gpu `);
    const rehearsal = await world.run('rehearse', '--days', '1');
    for (const region of ['r1', 'r2']) expect(rehearsal.out).toMatch(new RegExp(`^${region}:ml/gpu .*\n`, 'm'));
    expect(rehearsal.out).toMatch(/ r2:dev-api\/workers +3 → 0/);
  });

  test('a problem as well', async () => {
    using world = aCliWorld(night, twoRegions);
    world.world.failNext({ kind: 'status', status: 403 }, { times: 9 });
    expect((await world.run('plan')).out).toMatch(/^problem in r[12]: /m);
  });
});

test('with one region none is said', async () => {
  using world = aCliWorld(night);
  const lines = [await world.run('plan'), await world.run('run', '--once'), await world.run('status')];
  for (const { out } of lines) expect(out).not.toContain('r1:');
});
