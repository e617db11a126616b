import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { promoteLines } from '../../lib/cli/promote/promoted-lines.ts';
import { loadConfig } from '../../lib/config/read-config.ts';
import { everyNth } from '../support/runs.ts';
import { aCliWorld } from './cli-world.ts';

const config = `timezone: Europe/Berlin
regions:
  r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } }
schedules:
  office: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle }
defaults: { mode: observe }
pools:
  - { match: "mgmt/*", schedule: none }
  - { match: "dev-api/*", schedule: office, base: remembered, idle: 1 }   # the API's
  - match: "dev-batch/*"
    schedule: office
    base: remembered
    idle: 1
    mode: observe   # for now
  - { match: "*/*", schedule: office, base: remembered, idle: 1, }
safety: { brake: off }
`;

describe('promote', () => {
  test.each([
    [
      'a rule with the mode of the defaults',
      'dev-api',
      ['- { match: "dev-api/*", schedule: office, base: remembered, idle: 1, mode: act }   # the API\'s'],
    ],
    ['a rule with its own mode', 'dev-batch/*', ['    mode: act   # for now']],
    [
      'a part of what a rule reaches',
      'prod-*',
      ['- { match: prod-*/*, schedule: office, base: remembered, idle: 1, mode: act }'],
    ],
    ['two rules', 'dev-*', ['mode: act   # for now', "idle: 1, mode: act }   # the API's"]],
  ])('prints the lines of %s, and writes nothing', async (_, match, lines) => {
    using world = aCliWorld(undefined, config);
    await world.run('run', '--once');
    const { code, out } = await world.run('promote', match, '--days', '2');
    expect(code).toBe(0);
    for (const line of lines) expect(out).toContain(line);
    expect(out).toContain('with these lines, in the coming 2 days:');
    expect(out).toMatch(/Node-hours|node-hours/);
    expect(readFileSync(world.config, 'utf8')).toBe(config);
  });

  test('rehearses only what was named', async () => {
    using world = aCliWorld(undefined, config);
    const { out } = await world.run('promote', 'dev-batch');
    expect(out).toContain('dev-batch/workers');
    expect(out).not.toContain('dev-api/workers');
  });

  test('says that there is nothing to promote', async () => {
    using world = aCliWorld(undefined, config.replace('defaults: { mode: observe }', 'defaults: { mode: act }'));
    expect(await world.run('promote', 'dev-api')).toMatchObject({
      code: 0,
      out: expect.stringContaining('there is nothing to promote'),
    });
  });

  test.each(everyNth(2, 0, ['dev-api', 'dev-batch/*', 'prod-*', 'r1:*', '*']))(
    'its lines make a config in which %s acts',
    async (match) => {
      using world = aCliWorld(undefined, config);
      await world.run('run', '--once');
      const { out } = await world.run('promote', match, '--days', '1');
      const patch = out.split('\n\n')[0]?.split('\n') ?? [];
      let text = config;
      let gone: string[] = [];
      for (const line of patch.toReversed()) {
        if (line.startsWith('+ ')) gone = [line.slice(2), ...gone];
        else if (line.startsWith('- ')) {
          text = text.replace(line.slice(2), gone.join('\n'));
          gone = [];
        } else if (gone.length > 0) {
          const at = Number(line.split(':').at(-1)) - 1;
          text = text
            .split('\n')
            .toSpliced(at, 0, ...gone)
            .join('\n');
          gone = [];
        }
      }
      world.writeConfig(text);
      expect((await world.run('promote', match, '--days', '1')).out).toContain('there is nothing to promote');
      const loaded = await loadConfig(world.config, { now: world.clock.now() });
      expect(loaded.ok).toBe(true);
    },
  );

  test('what only overlaps with a rule is left to people', async () => {
    using world = aCliWorld(undefined, config.replace('"dev-api/*"', '"*-api/build"'));
    await world.run('run', '--once');
    expect(await world.run('promote', 'dev-*')).toMatchObject({
      code: 1,
      err: expect.stringContaining('name pools within the rule, or all of them'),
    });
  });

  test('an alias is left to people', () => {
    const text = 'pools:\n  - &a { match: a }\n  - *a\n';
    expect(() => promoteLines('l.yml', text, [{ line: 3, ownMatch: undefined }])).toThrow('by hand');
  });
});
