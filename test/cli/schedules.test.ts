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
