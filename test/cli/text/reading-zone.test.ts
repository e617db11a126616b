import { describe, expect, test } from 'vitest';
import { readingZone } from '../../../lib/cli/text/instant.ts';
import { aCliWorld, usualConfig } from '../cli-world.ts';

describe('the zone in which people read instants', () => {
  const machine = { zone: 'UTC' };
  const schedule = { name: 's', windows: [], otherwise: 'base', lead: { kind: 'none' }, calendarDays: [] } as const;
  const of = (...zones: readonly string[]) => zones.map((zone) => ({ ...schedule, zone }));
  test.each([
    ['the config’s', { zone: 'Europe/Berlin', schedules: of('Asia/Tokyo') }, 'Europe/Berlin'],
    ['the one that all schedules share', { zone: undefined, schedules: of('Asia/Tokyo', 'Asia/Tokyo') }, 'Asia/Tokyo'],
    ['else the machine’s', { zone: undefined, schedules: of('Asia/Tokyo', 'Europe/Rome') }, 'UTC'],
    ['the machine’s without schedules', { zone: undefined, schedules: [] }, 'UTC'],
  ])('%s', (_, config, zone) => {
    expect(readingZone(config, machine)).toBe(zone);
  });
});

describe('on a machine in another zone than the config', () => {
  const world = () => aCliWorld('2026-11-23T20:00:00Z', usualConfig);
  const local = 'Mon 2026-11-23 22:00 Europe/Berlin (21:00Z)';

  test.each([
    ['scale', 'ml/gpu', '--at-least', '1', '--for', '1h'],
    ['scale', 'ml/gpu', '--exactly', '1', '--for', '1h'],
    ['pause', '--for', '1h'],
    ['approve', '--for', '1h'],
    ['silence', 'dev-api', '--for', '1h'],
  ])('%s %s', async (...argv) => {
    using own = world();
    const { out } = await own.runWith({ zone: 'UTC' }, ...argv, '--config', own.config);
    expect(out).toContain(`until ${local}`);
    if (argv[0] === 'scale' || argv[0] === 'pause')
      expect((await own.runWith({ zone: 'UTC' }, 'status', '--config', own.config)).out).toContain(local);
  });

  test('base, history and explain', async () => {
    using own = world();
    await own.run('run', '--once');
    const printed = async (...argv: string[]) =>
      (await own.runWith({ zone: 'UTC' }, ...argv, '--config', own.config)).out;
    expect(await printed('base', 'dev-api/build', 'show')).toContain('since Mon 2026-11-23 21:00 Europe/Berlin');
    expect(await printed('base', 'dev-api/workers', 'set', '4')).toContain('until Tue 2026-11-24 07:00 Europe/Berlin');
    expect(await printed('history')).toMatch(/^Europe\/Berlin .*\n2026-11-23 21:00 /);
    await printed('pause', '--for', '1h');
    const explained = await printed('explain', 'dev-api/build');
    expect(explained).toContain('paused by ada@lab until 22:00 Europe/Berlin');
    expect(explained).toContain('below its base since 21:00 Europe/Berlin');
    expect(explained).not.toMatch(/\d{4}-\d{2}-\d{2}T/);
    expect(await own.run('explain', 'dev-api/build', '--json')).toMatchObject({
      out: expect.stringContaining('paused by ada@lab until 2026-11-23T21:00:00Z'),
    });
  });

  test('history with nothing to tell says since when, to the minute', async () => {
    using own = world();
    const { out } = await own.runWith({ zone: 'UTC' }, 'history', '--since', '10m', '--config', own.config);
    expect(out).toBe('no decisions since Mon 2026-11-23 20:50 Europe/Berlin (19:50Z)\n');
  });
});
