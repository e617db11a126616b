import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { aCliWorld } from '../cli-world.ts';

describe('the page as a file', () => {
  test('is whole, for its owner alone, and holds no secret', async () => {
    using world = aCliWorld('2026-11-23T19:00:00Z');
    const { path, remove } = makeTemporaryFolder();
    const out = join(path, 'report.html');
    const early = await world.run('page', '--out', out);
    expect([early.code, early.err]).toEqual([1, expect.stringContaining('There is no store yet')]);
    for (let i = 0; i < 3; i += 1) {
      await world.run('run', '--once');
      await world.clock.advance(5 * 60_000);
    }
    await world.run('pause', 'ml/gpu', '--for', '2h', '--reason', '<script>alert(1)</script> \u202etxet');
    const { code, out: said } = await world.run('page', '--out', out, '--days', '9');
    expect([code, said]).toEqual([0, expect.stringMatching(/report\.html: \d+ pools, \d+ KB\n$/u)]);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const html = readFileSync(out, 'utf8');
    expect(html).not.toMatch(/ (?:src|href)="(?!data:|#backdrop)/u);
    expect(html).not.toContain('<script>alert');
    expect(html).not.toContain('\u202e');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toContain(world.world.token);
    expect(html).not.toContain(world.world.token.slice(0, 16));
    expect(html).toContain("default-src 'none'");
    remove();
  });

  test.each([
    ['no-such-folder/report.html', 'ENOENT'],
    ['', 'EISDIR'],
  ])('that cannot be written at "%s" says so', async (name, code) => {
    using world = aCliWorld('2026-11-23T19:00:00Z');
    await world.run('run', '--once');
    const out = join(world.folder, name);
    const ran = await world.run('page', '--out', out);
    expect([ran.code, ran.out, ran.err]).toEqual([
      1,
      '',
      expect.stringContaining(`${out} could not be written (${code}): name another --out`),
    ]);
  });

  test('is of the pools that are named', async () => {
    using world = aCliWorld('2026-11-23T19:00:00Z');
    const { path, remove } = makeTemporaryFolder();
    await world.run('run', '--once');
    const out = join(path, 'dev.html');
    await world.run('page', '--out', out, '--match', 'dev-*/workers');
    const names = [...readFileSync(out, 'utf8').matchAll(/data-name="([^"]+)"/gu)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !/^dev-[^/]+\/workers$/u.test(name ?? ''))).toEqual([]);
    expect((await world.run('page', '--out', out, '--days', '99')).code).toBe(2);
    remove();
  });

  test('has as many days as are asked for', async () => {
    using world = aCliWorld('2026-11-23T19:00:00Z');
    await world.run('run', '--once');
    const daysOf = async (...days: string[]) => {
      const out = join(world.folder, `d${days.length}.html`);
      await world.run('page', '--out', out, ...days);
      return new Set(readFileSync(out, 'utf8').match(/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2}\b/gu)).size;
    };
    expect(await daysOf('--days', '3')).toBeLessThan(await daysOf());
  });

  test('over one that others may read is for its owner alone', async () => {
    using world = aCliWorld('2026-11-23T19:00:00Z');
    await world.run('run', '--once');
    const out = join(world.folder, 'old.html');
    writeFileSync(out, '', { mode: 0o644 });
    expect((await world.run('page', '--out', out)).code).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });
});
