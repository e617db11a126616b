import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, makeConfigReader } from '../../lib/config/read-config.ts';
import { isWindows, unlessPosix } from '../support/platform.ts';
import { head, now } from './compile-text.ts';

let folder = '';
let file = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lamplighter-config-'));
  file = join(folder, 'lamplighter.yml');
  await writeFile(file, head, { mode: 0o644 });
});

afterEach(() => rm(folder, { recursive: true }));

describe('loading', () => {
  test('gives the config, its places relative to its folder', async () => {
    const outcome = await loadConfig(file, { now });
    expect(outcome).toMatchObject({ ok: true, config: { file, store: { path: join(folder, 'lamplighter.db') } } });
  });

  test.each([
    ['a file that is not there', 'other.yml', 'there is no such file'],
    ['a folder', '.', 'it is a folder'],
  ])('%s is a problem', async (_, name, reason) => {
    const outcome = await loadConfig(join(folder, name), { now });
    expect(outcome).toMatchObject({
      ok: false,
      problems: [{ severity: 'error', line: 1, message: expect.stringContaining(reason) }],
    });
  });

  test.skipIf(isWindows)(`a file that anybody may change is refused${unlessPosix}`, async () => {
    await chmod(file, 0o666);
    const outcome = await loadConfig(file, { now });
    expect(outcome.problems).toMatchObject([
      { message: expect.stringContaining('anybody on this machine may change it'), fix: `chmod o-w ${file}` },
    ]);
  });

  const little = (text: string) => Buffer.from(text, 'utf16le');
  const encoded: readonly (readonly [string, (text: string) => Buffer, string])[] = [
    ['UTF-16, little end first', (text) => little(`\uFEFF${text}`), 'UTF-16'],
    ['UTF-16, big end first', (text) => little(`\uFEFF${text}`).swap16(), 'UTF-16'],
    ['UTF-16 without a mark', little, 'UTF-16'],
    ['UTF-16 without a mark, big end first', (text) => little(text).swap16(), 'UTF-16'],
    ['UTF-32', (text) => Buffer.concat([Buffer.from('fffe0000', 'hex'), little(text)]), 'UTF-32'],
  ];
  test.each(encoded)('a file in %s is told as that', async (_, encode, name) => {
    await writeFile(file, encode(head));
    const { problems } = await loadConfig(file, { now });
    expect(problems).toMatchObject([{ message: `the config cannot be read: it is ${name}`, fix: 'save it as UTF-8' }]);
  });

  test.each(encoded)('an included file and a calendar in %s too', async (_, encode, name) => {
    const folder = dirname(file);
    await writeFile(join(folder, 'team.yml'), encode('pools: []\n'));
    await writeFile(join(folder, 'days.ics'), encode('BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n'));
    await writeFile(file, `${head}include: [team.yml]\ncalendars: { c: { ics: days.ics, size: idle } }\n`);
    const { problems } = await loadConfig(file, { now });
    expect(problems.map(({ path, message, fix }) => [path, message.includes(`it is ${name}`), fix])).toEqual([
      ['include[0]', true, 'save it as UTF-8'],
      ['calendars.c.ics', true, 'save it as UTF-8'],
    ]);
  });

  test('a file in Latin-1 is refused at its first letter', async () => {
    await writeFile(file, Buffer.from(`${head}# für alle\n`, 'latin1'));
    const { problems } = await loadConfig(file, { now });
    const line = head.split('\n').length;
    const message = `the config cannot be read: it is not UTF-8: line ${line}, column 4 has the byte 0xFC ("ü" in Latin-1)`;
    expect(problems).toMatchObject([{ line, column: 4, message, fix: 'save it as UTF-8' }]);
  });

  test('an included file and a calendar in Latin-1 too', async () => {
    const folder = dirname(file);
    await writeFile(join(folder, 'team.yml'), Buffer.from('pools: [] # für\n', 'latin1'));
    await writeFile(join(folder, 'days.ics'), Buffer.from('BEGIN:VCALENDAR\r\nX:ä\r\nEND:VCALENDAR\r\n', 'latin1'));
    await writeFile(file, `${head}include: [team.yml]\ncalendars: { c: { ics: days.ics, size: idle } }\n`);
    const { problems } = await loadConfig(file, { now });
    expect(problems.map(({ path, message, fix }) => [path, message.split('it is not ')[1], fix])).toEqual([
      ['include[0]', 'UTF-8: line 1, column 14 has the byte 0xFC ("ü" in Latin-1)', 'save it as UTF-8'],
      ['calendars.c.ics', 'UTF-8: line 2, column 3 has the byte 0xE4 ("ä" in Latin-1)', 'save it as UTF-8'],
    ]);
  });

  test('the mark of UTF-8 is no mistake', async () => {
    await writeFile(file, `\uFEFF${head}`);
    expect(await loadConfig(file, { now })).toMatchObject({ ok: true });
  });
});

describe('reading anew each round', () => {
  test('says what changed, and only then', async () => {
    const read = makeConfigReader(file);
    expect(await read(now)).toMatchObject({ ok: true, changed: true, config: { everyMs: 300_000 } });
    expect(await read(now)).toMatchObject({ ok: true, changed: false });
    await writeFile(file, `# hello\n${head}`);
    expect(await read(now)).toMatchObject({ ok: true, changed: false });
    await writeFile(file, `${head}every: 1m\n`);
    expect(await read(now)).toMatchObject({ ok: true, changed: true, config: { everyMs: 60_000 } });
  });

  test('keeps the last good config while the file is invalid or gone', async () => {
    const read = makeConfigReader(file);
    await read(now);
    await writeFile(file, `${head}evry: 1m\n`);
    expect(await read(now)).toMatchObject({ ok: false, config: { everyMs: 300_000 }, problems: [{ line: 8 }] });
    await rm(file);
    expect(await read(now)).toMatchObject({
      ok: false,
      config: { everyMs: 300_000 },
      problems: [{ message: expect.stringContaining('no such file') }],
    });
    await writeFile(file, head);
    expect(await read(now)).toMatchObject({ ok: true, changed: false });
  });

  test('has no config where there never was a good one', async () => {
    await writeFile(file, 'regions: {}\n');
    expect(await makeConfigReader(file)(now)).toMatchObject({ ok: false, config: undefined });
  });

  test('follows the calendar file', async () => {
    const event = (date: string) =>
      `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:${date}\nEND:VEVENT\nEND:VCALENDAR\n`;
    await writeFile(
      file,
      `${head.replace('otherwise', 'calendar: c\n    otherwise')}calendars: { c: { ics: a.ics, size: idle } }\n`,
    );
    await writeFile(join(folder, 'a.ics'), event('20261224'));
    const read = makeConfigReader(file);
    await read(now);
    await writeFile(join(folder, 'a.ics'), event('20261231'));
    expect(await read(now)).toMatchObject({
      changed: true,
      config: { schedules: [{ calendarDays: [{ date: '2026-12-31' }] }] },
    });
  });

  test('knows the holidays of a new year without a change of the config', async () => {
    await writeFile(
      file,
      `${head.replace('otherwise', 'calendar: c\n    otherwise')}calendars: { c: { holidays: DE, size: idle } }\n`,
    );
    const read = makeConfigReader(file);
    expect(await read(now)).toMatchObject({ config: { calendarsEnd: { c: '2028-12-31' } } });
    expect(await read(Date.UTC(2027, 0, 2))).toMatchObject({
      changed: false,
      config: { calendarsEnd: { c: '2029-12-31' } },
    });
  });

  test.each(['EMFILE', 'ENFILE', 'ENOMEM'])(
    'a machine out of files or memory (%s) says nothing about it',
    async (code) => {
      let isShort = false;
      const readFile = async () => {
        if (isShort) throw Object.assign(new Error('reading failed'), { code });
        return head;
      };
      const read = makeConfigReader(file, { readFile });
      const first = await read(now);
      isShort = true;
      expect(await read(now)).toMatchObject({ ok: true, changed: false, config: first.config });
      isShort = false;
      expect(await read(now)).toMatchObject({ ok: true, changed: false, config: first.config });
    },
  );

  test('a machine out of files hides no change for longer than that', async () => {
    let answer: string | Error = 'nonsense: true';
    const readFile = async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const read = makeConfigReader(file, { readFile });
    const short = Object.assign(new Error('reading failed'), { code: 'EMFILE' });
    answer = short;
    expect(await read(now)).toMatchObject({ ok: false, config: undefined });
    answer = head;
    expect(await read(now)).toMatchObject({ ok: true, changed: true });
    answer = short;
    expect(await read(now)).toMatchObject({ ok: true });
    answer = 'nonsense: true';
    expect(await read(now)).toMatchObject({ ok: false });
    answer = short;
    expect(await read(now)).toMatchObject({ ok: false });
  });
});
