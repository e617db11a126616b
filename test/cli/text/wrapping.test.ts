import { expect, test } from 'vitest';
import { fitted } from '../../../lib/cli/text/table.ts';
import { minute } from '../../support/scaling-world.ts';
import { aCliWorld, type CliWorld, makeOutput } from '../cli-world.ts';

const columns = 60;
const escapes = /\u{1b}\[[\d;]*m/gu; // oxlint-disable-line no-control-regex
const wordsOf = (text: string) => text.split(/\s+/u).filter((word) => word !== '');

/** A line that is too wide although it could have been broken at a blank. */
function tooWide(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replace(escapes, ''))
    .filter((line) => line.length > columns && line.trim().includes(' ') && wordsOf(line).every((w) => w.length < 30));
}

const commands: readonly (readonly string[])[] = [
  ['status'],
  ['plan'],
  ['explain', 'dev-api/workers'],
  ['incidents', '--all'],
  ['history'],
  ['clusters'],
  ['doctor'],
  ['savings'],
  ['outbox'],
  ['outbox', '--history', '7d'],
  ['silence', '--list'],
  ['rehearse', '--days', '1', '--changes'],
  ['base'],
  ['scale', 'ml/gpu', '--at-least', '6', '--for', '2h', '--reason', 'a long reason, so that its line has to be broken'],
  ['pause', 'dev-*', '--for', '2h', '--reason', 'a long reason, so that its line has to be broken'],
  ['silence', '*', '--for', '2h', '--reason', 'a long reason, so that its line has to be broken'],
  ['resume', 'dev-*'],
  ['resume', 'dev-*', '--for', '3h'],
  ['uninstall', '--dry-run'],
  ['explain', 'dev-api/nosuch'],
  ['pause', 'dev-api/nosuch', '--for', '2h'],
  ['run', '--once'],
  ['help', 'rehearse'],
  ['--help'],
];

test('every text wraps at words on a terminal', async () => {
  using world = aCliWorld('2026-11-23T20:00:00Z');
  for (let i = 0; i < 3; i += 1) {
    await world.run('run', '--once');
    await world.clock.advance(10 * minute);
  }
  for (const argv of commands) {
    const text = await onTerminal(world, argv);
    expect([argv.join(' '), tooWide(text)]).toEqual([argv.join(' '), []]);
  }
});

async function onTerminal(world: CliWorld, argv: readonly string[]): Promise<string> {
  const [out, err] = [makeOutput(true, columns), makeOutput(true, columns)];
  const config = ['help', '--help'].includes(argv[0] ?? '') ? [] : ['--config', world.config];
  await world.runWith({ stdout: out.output, stderr: err.output }, ...argv, ...config);
  return out.text() + err.text();
}

test('a broken text keeps its words, where there is no terminal its lines', async () => {
  using world = aCliWorld('2026-11-23T20:00:00Z');
  await world.run('run', '--once');
  for (const argv of [['status'], ['explain', 'dev-api/workers'], ['plan'], ['incidents', '--all']]) {
    const whole = (await world.run(...argv)).out;
    expect(wordsOf((await onTerminal(world, argv)).replace(escapes, ''))).toEqual(wordsOf(whole));
  }
  expect((await world.run('status')).out.split('\n').some((line) => line.length > 80)).toBe(true);
});

test('JSON is never broken', async () => {
  using world = aCliWorld('2026-11-23T20:00:00Z');
  await world.run('run', '--once');
  const reason = ['--reason', 'a long reason of many words that would not fit the width of this terminal'];
  await world.run('pause', 'dev-*', '--for', '2h', ...reason);
  const shown = JSON.parse(await onTerminal(world, ['status', '--json'])) as { asks: readonly { reason: string }[] };
  expect(shown.asks[0]?.reason).toBe(reason[1]);
});

test('colours take no room', () => {
  const paint = (text: string) => `\u{1b}[31m${text}\u{1b}[39m`;
  const terminal = { isTerminal: true, columns: 30 };
  expect(fitted(`${paint('critical')} a text of 30 signs.`, terminal)).toBe(`${paint('critical')} a text of 30 signs.`);
  expect(fitted(`${paint('critical')} a text of more than 30 signs`, terminal)).toBe(
    `${paint('critical')} a text of more than\n  30 signs`,
  );
});

test('a line goes on under its second column', () => {
  const terminal = { isTerminal: true, columns: 40 };
  expect(fitted('dev/a   waits since somebody changed its size by hand', terminal)).toBe(
    'dev/a   waits since somebody changed its\n        size by hand',
  );
});
