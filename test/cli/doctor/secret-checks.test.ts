import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSecrets } from '../../../lib/app.ts';
import { linkChecks, secretFileChecks } from '../../../lib/cli/doctor/secret-checks.ts';
import { systemClock } from '../../../lib/io/clock.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { aDestination } from '../../support/destination.ts';
import { aConfig } from '../../support/scaling-world.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';

test.each([
  ['its owner alone', 0o700, 0o600, /^ok: only its owner and group may read it/],
  [
    'a folder that all may write',
    0o777,
    0o600,
    /^failed: every user .* may replace it: .*\/secrets is writable for all > chmod o-w \S+\/secrets$/,
  ],
  ['a folder like /tmp', 0o1777, 0o600, /^ok/],
  ['a file that all may write', 0o777, 0o666, /^failed: every user of this machine may write it > chmod 600 /],
  ['a file that all may read', 0o755, 0o644, /^warning: every user of this machine may read it > chmod 600 /],
])('%s', async (_name, folderMode, mode, text) => {
  const { path, remove } = makeTemporaryFolder();
  using _removed = { [Symbol.dispose]: remove };
  const folder = join(path, 'secrets');
  await mkdir(folder);
  await writeFile(join(folder, 'token'), 'canary');
  await chmod(join(folder, 'token'), mode);
  await chmod(folder, folderMode);
  expect(await checked(join(folder, 'token'))).toMatch(text);
});

test('every secret of a destination is looked at', async () => {
  const file = (name: string) => ({ kind: 'file', path: `/nowhere/${name}` }) as const;
  const hook = aDestination('hook', {
    kind: 'webhook',
    url: file('url'),
    key: file('key'),
    secrets: [file('new'), file('old')],
    headers: [
      { name: 'Authorization', value: file('auth') },
      { name: 'X-Team', value: { kind: 'text', text: 'platform' } },
      { name: 'X-Key', value: file('x-key') },
    ],
    mail: { from: 'a@example.org', to: ['b@example.org'], user: 'lamp', password: file('password') },
  });
  const config = aConfig({ destinations: [hook] });
  const regions = config.regions.map((region) => ({ ...region, token: { kind: 'env', name: 'T' } as const }));
  const names = (await secretFileChecks({ ...config, regions })).map(({ about }) => about.split('/').at(-1));
  expect(new Set(names)).toEqual(new Set(['url', 'key', 'new', 'old', 'auth', 'x-key', 'password']));
});

test('a reference to a directory names no file', async () => {
  const { path, remove } = makeTemporaryFolder();
  using _removed = { [Symbol.dispose]: remove };
  expect(await checked(path)).toBe('failed: it is a directory > name the file in it');
});

async function checked(path: string): Promise<string> {
  const regions = aConfig().regions.map((region) => ({ ...region, token: { kind: 'file', path } as const }));
  const [check, ...more] = await secretFileChecks(aConfig({ regions }));
  expect(more).toEqual([]);
  return `${check?.status}: ${check?.text}${check?.fix ? ` > ${check.fix}` : ''}`;
}

describe('what signs links', () => {
  const good = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const short = 'whsec_Y2FuYXJ5';
  test.each([
    ['is there and long', { ONE: good }, ['ok: its secret exists and is long enough']],
    ['is too short', { ONE: short }, [expect.stringMatching(/^failed: .*links was refused: it must be "whsec_"/)]],
    ['is no key', { ONE: 'canary-of-the-links' }, [expect.stringMatching(/^failed: .*links was refused/)]],
    ['is missing', {}, [expect.stringMatching(/^failed: .*ONE/)]],
    [
      'is replaced by a short one',
      { ONE: short, OLD: good },
      [expect.stringMatching(/^failed: .*links was refused/)],
      ['ONE', 'OLD'],
    ],
  ])('%s', async (_title, env: Record<string, string>, want, names = ['ONE']) => {
    const secrets = openSecrets({ env, clock: systemClock, log: silentLog, redactor: makeRedactor() });
    const links = {
      url: 'https://l.example',
      mostMs: 1,
      choices: [],
      secrets: names.map((name) => ({ kind: 'env', name }) as const),
    };
    const checks = await linkChecks(aConfig({ links }), secrets);
    expect(checks.map(({ status, text }) => `${status}: ${text}`)).toEqual(want);
    expect(JSON.stringify(checks)).not.toContain('canary');
    expect(JSON.stringify(checks)).not.toContain(short.slice(6));
  });
});
