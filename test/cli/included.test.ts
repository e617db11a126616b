import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aCliWorld, type CliWorld, usualConfig } from './cli-world.ts';

const rules = usualConfig.slice(usualConfig.indexOf('pools:'), usualConfig.indexOf('safety:'));
const main = usualConfig.replace(rules, 'include: teams/*.yml\n');

/** The usual config, its rules in a file of their own. */
function aWorldOfFiles(start?: string): CliWorld {
  const world = aCliWorld(start, main);
  mkdirSync(join(world.folder, 'teams'));
  writeRules(world, rules);
  return world;
}

function writeRules({ folder }: CliWorld, text: string): void {
  writeFileSync(join(folder, 'teams/a.yml'), text, { mode: 0o600 });
}

test('check counts the files, and tells mistakes of each', async () => {
  using world = aWorldOfFiles();
  const file = join(world.folder, 'teams/a.yml');
  expect(await world.run('check')).toMatchObject({ code: 0, out: `ok  ${world.config} and 1 included file\n` });
  expect(await world.json('check')).toEqual({ ok: true, files: [world.config, file], problems: [] });
  writeRules(world, rules.replace('mgmt/*', 'mgmt'));
  const { code, out } = await world.run('check');
  expect([code, out]).toEqual([2, expect.stringContaining(`${file}:2:14 error pools[0].match: the match "mgmt"`)]);
});

test('plan and rehearse do as one file says', async () => {
  using world = aWorldOfFiles('2026-11-23T20:00:00Z');
  const whole = join(world.folder, 'whole.yml');
  writeFileSync(whole, usualConfig, { mode: 0o600 });
  const plan = await world.run('plan');
  expect(plan.out).toMatch(/dev-api/u);
  expect((await world.runWith({}, 'plan', '--config', whole)).out).toBe(plan.out);
  const same = await world.run('rehearse', '--days', '1', '--against', whole);
  expect(same.out).toMatch(/^Nothing changes against /u);
  writeRules(world, rules.replace('base: remembered', 'base: 9, everyPool: true'));
  const differs = await world.run('rehearse', '--days', '1', '--against', whole);
  expect(differs.out).not.toMatch(/^Nothing changes/u);
});

test('explain and doctor name the file of a rule', async () => {
  using world = aWorldOfFiles();
  const file = join(world.folder, 'teams/a.yml');
  expect((await world.run('explain', 'dev-api/workers')).out).toContain(`${file}:3`);
  writeRules(world, `${rules}  - { match: "nowhere/*", schedule: none }\n`);
  const { out } = await world.run('doctor');
  expect(out).toContain('(2 files)');
  expect(out).toContain(`"nowhere/*" in line 5 of ${file}`);
});

test('run follows every file, and goes on while one is wrong', { timeout: 60_000 }, async () => {
  using world = aWorldOfFiles();
  world.writeConfig(`${main}every: 1m\n`);
  const stop = new AbortController();
  let log = '';
  const stderr = { write: (text: string) => void (log += text), isTerminal: false, columns: 80, rows: 24 };
  const running = world.runWith({ signal: stop.signal, stderr }, 'run', '--config', world.config);
  const until = async (text: RegExp) => {
    for (let tries = 0; tries < 500 && !text.test(log); tries += 1) {
      await world.clock.advance(2_000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(log).toMatch(text);
    log = '';
  };
  await until(/5 pools under a schedule.*"message":"watched"/su);
  writeRules(world, 'pols: []\n');
  await until(/"subject":"\S+lamplighter\.yml",.*teams\/a\.yml:1:1 error pols: unknown key.*"incident opened"/u);
  writeRules(world, rules);
  await until(/config\.invalid.*"incident resolved"/u);
  writeFileSync(join(world.folder, 'teams/b.yml'), 'pools: [{ match: "prod-*/*", schedule: none }]\n', { mode: 0o600 });
  await until(/"notice":"started"/u);
  stop.abort();
  await world.clock.advance(1000);
  expect((await running).code).toBe(0);
});

test('a wrong file of one team keeps nobody from pausing the fleet', async () => {
  using world = aWorldOfFiles();
  writeRules(world, 'pols: []\n');
  const { code, err } = await world.run('pause', '--for', '1h');
  expect([code, err]).toEqual([2, expect.stringContaining('leave the wrong file out of its include')]);
  const copy = join(world.folder, 'copy.yml');
  writeFileSync(copy, main.replace('include: teams/*.yml\n', ''), { mode: 0o600 });
  expect((await world.runWith({}, 'pause', '--for', '1h', '--config', copy)).code).toBe(0);
});

test('uninstall finds the rules', async () => {
  using world = aWorldOfFiles();
  await world.run('run', '--once');
  expect(await world.run('uninstall', '--dry-run')).toMatchObject({ code: 0 });
});
