import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildCli } from '../../scripts/build-cli.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const root = join(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const oldNode = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"20.20.2"}})';

function run(...words: string[]): Promise<readonly [code: unknown, stdout: string, stderr: string]> {
  return new Promise((resolve) => {
    execFile(process.execPath, words, (error, stdout, stderr) => resolve([error?.code ?? 0, stdout, stderr]));
  });
}

const config = `timezone: Europe/Berlin
regions: { r1: { api: eumetsat-r1, token: { env: TOKEN } } }
calendars: { closed: { ics: closed.ics, size: idle } }
schedules: { s: { calendar: closed, windows: [], otherwise: base } }
pools: [{ match: "c/p", schedule: s, base: 5, idle: 1 }]
`;
const calendar = (rule: string) =>
  `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20260101\nRRULE:${rule}\nEND:VEVENT\nEND:VCALENDAR\n`;

test('the built command line starts, and an older Node is told what it needs', async () => {
  const { path, remove } = makeTemporaryFolder();
  try {
    symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
    const cli = await buildCli(`${path}/cli/`);
    expect(await run(cli, '--version')).toEqual([0, `${version}\n`, '']);
    writeFileSync(join(path, 'l.yml'), config, { mode: 0o600 });
    writeFileSync(join(path, 'closed.ics'), calendar('FREQ=YEARLY'), { mode: 0o600 });
    expect((await run(cli, 'check', '--config', join(path, 'l.yml')))[0]).toBe(0);
    writeFileSync(join(path, 'closed.ics'), calendar('FREQ=SECONDLY'), { mode: 0o600 });
    const [code, out, err] = await run(cli, 'check', '--config', join(path, 'l.yml'));
    expect([code, out + err]).toEqual([2, expect.stringContaining('the event at its line 2 recurs too often')]);
    expect(await run('--import', oldNode, cli, '--version')).toEqual([
      1,
      '',
      'Lamplighter needs Node 22.18 or newer, this is 20.20.2: https://nodejs.org/en/download\n',
    ]);
  } finally {
    remove();
  }
});
