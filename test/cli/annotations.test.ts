import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { annotations } from '../../lib/cli/text/annotations.ts';
import type { Problem } from '../../lib/config/problem.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { anyText } from '../support/any-text.ts';
import { aCliWorld, usualConfig } from './cli-world.ts';

const mistakes = usualConfig
  .replace('timezone: Europe/Berlin', 'timezone: Europe/Berlim')
  .replace('idle: 0, limits', 'idel: 0, limits');

async function checked(form: string, text = mistakes) {
  using world = aCliWorld(undefined, text);
  const env = { GITHUB_WORKSPACE: world.folder, MKS_TOKEN: 'x' };
  return await world.runWith({ env }, 'check', '--format', form, '--config', world.config);
}

describe('check for a merge request', () => {
  test.each([
    ['github', 'txt'],
    ['gitlab', 'json'],
    ['sarif', 'json'],
  ])('%s is as its host reads it', async (form, ending) => {
    const { code, out, err } = await checked(form);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    await expect(out.replace(`"version": "${packageJson.version}"`, '"version": "x.y.z"')).toMatchFileSnapshot(
      `golden/check.${form}.${ending}`,
    );
  });

  test.each([
    ['github', ''],
    ['gitlab', '[]\n'],
  ])('%s of a good config says nothing', async (form, text) => {
    expect(await checked(form, usualConfig)).toEqual({ code: 0, out: text, err: '' });
  });

  test('sarif of a good config has no results', async () => {
    const { code, out } = await checked('sarif', usualConfig);
    const log = JSON.parse(out) as { runs: { results: object[] }[] };
    expect({ code, results: log.runs[0]?.results }).toEqual({ code: 0, results: [] });
  });

  test('two forms at once are refused', async () => {
    using world = aCliWorld();
    expect(await world.run('check', '--json', '--format', 'sarif')).toMatchObject({
      code: 2,
      err: expect.stringContaining('not both'),
    });
  });
});

const text = anyText({ maxLength: 30 }).map((one) => `${one}\n::error::%0A`);
const problem: fc.Arbitrary<Problem> = fc.record({
  severity: fc.constantFrom('error', 'warning'),
  file: fc.constant('./lamplighter.yml'),
  line: fc.integer({ min: 1, max: 99 }),
  column: fc.integer({ min: 1, max: 99 }),
  path: text,
  message: text,
  fix: text,
});

describe('whatever a config holds', () => {
  test('one mistake is one command of GitHub, which gives the text back', () => {
    const back = (one: string) =>
      one
        .replaceAll('%0A', '\n')
        .replaceAll('%0D', '\r')
        .replaceAll('%3A', ':')
        .replaceAll('%2C', ',')
        .replaceAll('%25', '%');
    const check = (problems: readonly Problem[]) => {
      const lines = annotations('github', problems, { env: {} }).split('\n').slice(0, -1);
      expect(lines).toHaveLength(problems.length);
      for (const [index, line] of lines.entries()) {
        const { severity, message, fix, path } = problems[index]!;
        const [, kind, title = '', said = ''] = /^::(\w+) .*?,title=([^,:]*)::(.*)$/su.exec(line) ?? [];
        expect([kind, back(title), back(said)]).toEqual([severity, path, `${message}; ${fix}`]);
      }
    };
    fc.assert(fc.property(fc.array(problem, { maxLength: 5 }), check));
  });

  test('no two fingerprints are alike, and none depends on the line', () => {
    type Issue = { readonly fingerprint: string };
    const prints = (problems: readonly Problem[]) =>
      (JSON.parse(annotations('gitlab', problems, { env: {} })) as readonly Issue[]).map(
        ({ fingerprint }) => fingerprint,
      );
    const check = (problems: readonly Problem[]) => {
      const own = prints([...problems, ...problems]);
      expect(new Set(own).size).toBe(own.length);
      expect(prints(problems.map((one) => ({ ...one, line: one.line + 7 })))).toEqual(prints(problems));
    };
    fc.assert(fc.property(fc.array(problem, { minLength: 1, maxLength: 5 }), check));
  });
});
