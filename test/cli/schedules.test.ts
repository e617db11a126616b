import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { aCliWorld } from './cli-world.ts';

const config = (schedule: string) => `timezone: Europe/Berlin
regions: { r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } } }
schedules:
  own: { ${schedule} }
pools: [{ match: "dev-*/*", schedule: own, base: remembered, idle: 0, limits: { min: 0 } }]
safety: { brake: off }
`;

const stopOnly = config('windows: [{ from: "19:00", to: "07:00", size: idle }], otherwise: leave');

type Explained = {
  readonly desired: unknown;
  readonly because: readonly string[];
  readonly nextChange: { readonly at: string; readonly desired: unknown } | null;
};

async function explained(text: string, at: string): Promise<Explained> {
  using world = aCliWorld(undefined, text);
  return ((await world.json('explain', 'dev-api/workers', '--at', at)) as Explained[])[0]!;
}

describe('what a window may say', () => {
  test.each([
    [
      'a step',
      '{ days: mon-fri, from: "08:25", to: "18:00", every: 1h, for: 10m }',
      '2026-11-24T12:30:00+01:00',
      'mon-fri 08:25-18:00 every 1h for 10m',
      '2026-11-24T11:35:00Z',
    ],
    [
      'a working day from the end',
      '{ workday: [1, L-2], from: "06:00", to: "20:00" }',
      '2026-11-26T12:00:00+01:00',
      'workday 1, L-2 06:00-20:00',
      '2026-11-26T19:00:00Z',
    ],
    [
      'a line',
      '"Thu 07:00-19:00 Europe/Berlin"',
      '2026-11-26T12:00:00+01:00',
      'Thu 07:00-19:00',
      '2026-11-26T18:00:00Z',
    ],
  ])('%s is explained as written', async (_title, window, at, text, next) => {
    const told = await explained(config(`windows: [${window}], otherwise: idle`), at);
    expect(told).toMatchObject({
      desired: 'observed base',
      because: expect.arrayContaining([`the window "${text}" is open: base (remembered)`]),
      nextChange: { at: next, desired: { size: 0 } },
    });
  });

  test('steps are rehearsed, each with its raise', async () => {
    const text = config('windows: [{ from: "08:20", to: "12:00", every: 1h, for: 30m }], otherwise: idle, lead: 20m');
    using world = aCliWorld('2026-11-24T12:00:00Z', text.replace('base: remembered', 'base: 2, everyPool: true'));
    const told = (await world.json('rehearse', '--days', '1')) as { pools: { pool: string; boundaries: unknown[] }[] };
    expect(told.pools[0]?.boundaries).toHaveLength(4);
  });
});

describe('a schedule that says leave', () => {
  test('is explained, for people and as JSON', async () => {
    const noon = await explained(stopOnly, '2026-11-24T12:00:00Z');
    expect(noon).toMatchObject({
      desired: 'leave',
      because: [expect.stringContaining('rule "dev-*/*"'), 'no window is open: otherwise leave (it stays as it is)'],
      nextChange: { at: '2026-11-24T18:00:00Z', desired: { size: 0 } },
    });
    const night = await explained(stopOnly, '2026-11-24T20:00:00Z');
    expect(night).toMatchObject({ desired: { size: 0 }, nextChange: { at: '2026-11-25T06:00:00Z', desired: 'leave' } });
    using world = aCliWorld(undefined, stopOnly);
    const { out } = await world.run('explain', 'dev-api/workers', '--at', '2026-11-24T12:00:00Z');
    expect(out).toContain('wanted    left as it is');
  });

  test('is rehearsed as it stands, drawn on the page, and changes nothing by day', async () => {
    using world = aCliWorld('2026-11-24T12:00:00Z', stopOnly);
    await world.run('run', '--once');
    const { out } = await world.run('rehearse', '--changes');
    expect(out).toContain('where a schedule says leave, a pool stays as it is');
    expect(out).not.toMatch(/0 → [1-9]/u);
    const told = (await world.json('rehearse', '--days', '1')) as { pools: { pool: string; leftHours: number }[] };
    expect(told.pools[0]).toMatchObject({ leftHours: 12 });
    const { path, remove } = makeTemporaryFolder();
    await world.run('page', '--out', join(path, 'page.html'));
    const html = readFileSync(join(path, 'page.html'), 'utf8');
    expect(html).toContain('left as it is');
    expect(html).toContain('class="b left"');
    remove();
  });

  test('is no size that can be asked for', async () => {
    using world = aCliWorld(undefined, stopOnly);
    expect((await world.run('scale', 'dev-api/workers', '--exactly', 'leave', '--for', '1h')).code).toBe(2);
  });
});
