import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { compileForFunctions } from '../../scripts/build-functions.ts';
import { startServer } from '../support/local-server.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const example = 'deploy/lamplighter.aws.example.yml';

test('however the path is spelt, what is compiled in has the same bytes', async () => {
  const spelt = [example, `./${example}`, `deploy/../${example}`, resolve(example)];
  const texts = await Promise.all(spelt.map(async (file) => JSON.stringify(await compileForFunctions(file))));
  expect(new Set(texts).size).toBe(1);
  expect(JSON.parse(texts[0] ?? '')).toMatchObject({ file: example });
});

test('what is included is compiled in', async () => {
  const folder = makeTemporaryFolder();
  const text = readFileSync(example, 'utf8');
  const [from, to] = [text.indexOf('\npools:'), text.indexOf('\nheartbeat:')];
  writeFileSync(`${folder.path}/main.yml`, `${text.slice(0, from)}\ninclude: rules.yml\n${text.slice(to)}`, {
    mode: 0o600,
  });
  writeFileSync(`${folder.path}/rules.yml`, text.slice(from, to), { mode: 0o600 });
  const [whole, cut] = [await compileForFunctions(example), await compileForFunctions(`${folder.path}/main.yml`)];
  folder.remove();
  expect(cut.hash).toBe(whole.hash);
  expect(cut.rules.map(({ hash }) => hash)).toEqual(whole.rules.map(({ hash }) => hash));
});

test('a calendar at an address is fetched and compiled in, and its address is not', async () => {
  const ics = 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20301224\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';
  let status = 200;
  await using server = await startServer((_, response) => response.writeHead(status).end(ics));
  const folder = makeTemporaryFolder();
  const file = `${folder.path}/main.yml`;
  const calendar = `{ ics: "${server.url}/c4n4ry/a.ics", insecure: true, size: idle }`;
  const text = readFileSync(example, 'utf8').replace('calendars:\n', `calendars:\n  off: ${calendar}\n`);
  writeFileSync(file, text, { mode: 0o600 });
  const config = await compileForFunctions(file);
  expect(config.remoteCalendars).toEqual([{ name: 'off', insecure: true, fetchedAt: expect.any(Number) as number }]);
  expect(config.calendarsEnd).toHaveProperty('off');
  expect(JSON.stringify(config)).not.toContain('c4n4ry');
  status = 503;
  await expect(compileForFunctions(file)).rejects.toThrow('the calendar off cannot be had: it answered 503');
  folder.remove();
});

test('a wrong config is told with its lines', async () => {
  const folder = makeTemporaryFolder();
  const file = `${folder.path}/wrong.yml`;
  writeFileSync(file, 'regions: { r1: { api: eumetsat-r9, token: { env: T } } }\n', { mode: 0o600 });
  await expect(compileForFunctions(file)).rejects.toThrow(
    /wrong\.yml:1:23 error regions\.r1\.api: there is no known API/u,
  );
  folder.remove();
});
