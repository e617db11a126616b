import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { listKeys } from '../../lib/config/key-table.ts';
import { anyText } from '../support/any-text.ts';
import { runs } from '../support/runs.ts';
import { compileText } from './compile-text.ts';

const words = [...new Set(listKeys().flatMap((row) => row.key.split(/[.[\]]+/u)))].filter((word) =>
  /^\w+$/u.test(word),
);
const scalar = fc.oneof(
  fc.constantFrom(
    'idle',
    'base',
    'remembered',
    'none',
    'a/b',
    'dev-*/*',
    '07:00',
    '5m',
    'mon-fri',
    'Europe/Berlin',
    'json',
    '*',
    '[',
    '',
  ),
  fc.integer({ min: -3, max: 400 }),
  fc.boolean(),
  fc.constant(null),
  fc.string(),
  fc.double(),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fc.string() }),
      tie('tree'),
      { maxKeys: 8 },
    ),
  ),
}));

describe('any text', () => {
  test('gives a config or problems with places, and never throws', async () => {
    await fc.assert(fc.asyncProperty(anyText({ maxLength: 300 }), check), runs(15));
  });

  test('of YAML made of our own words does too', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (value) => check(stringify(value))),
      runs(15),
    );
  });

  test('cut, doubled and mixed examples do too', async () => {
    const example = await readFile(new URL('../../lamplighter.example.yml', import.meta.url), 'utf8');
    const lines = example.split('\n');
    const edit = fc.array(
      fc.tuple(fc.nat(lines.length), fc.nat(lines.length), fc.constantFrom('drop', 'swap', 'copy', 'cut')),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(edit, async (edits) => {
        const changed = [...lines];
        for (const [from, to, how] of edits) {
          const line = changed[from] ?? '';
          if (how === 'drop') changed.splice(from, 1);
          else if (how === 'copy') changed.splice(to, 0, line);
          else if (how === 'cut') changed[from] = line.slice(0, line.length / 2);
          else [changed[from], changed[to]] = [changed[to] ?? '', line];
        }
        await check(changed.join('\n'));
      }),
      runs(8),
    );
  });

  test('an example cut anywhere has its mistakes where something stands', async () => {
    const example = await readFile(new URL('../../lamplighter.example.yml', import.meta.url), 'utf8');
    const cut = fc.tuple(
      fc.nat(example.length),
      fc.constantFrom('', '\n', '\n\n\n', '\r\n', ' \n# end\n', ' "', ' [\n', " '\n"),
    );
    await fc.assert(
      fc.asyncProperty(cut, async ([at, end]) => check(`${example.slice(0, at)}${end}`)),
      runs(8),
    );
  });

  test.each(['pools: [\n', 'pools: "\r\n\r\n', "a: 'x\n\n\n", 'a: {\n# b\n'])(
    '%j is wrong in a line that is there',
    check,
  );

  test.each([
    ['an alias of itself', 'events: { a: { when: &x { a: *x } } }'],
    [
      'a million laughs',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((name, index) => `${name}: &${name} [${`*${String.fromCodePoint(97 + index)},`.repeat(9)}]\n`)
        .join('')}`,
    ],
    ['ten thousand brackets', '['.repeat(10_000)],
    ['deep maps', `events: { a: { when: ${'{a: '.repeat(3000)}1${'}'.repeat(3000)} } }`],
    ['a null byte', 'a\u0000b: 1'],
  ])('%s is refused', async (_, text) => {
    expect((await compileText(text)).ok).toBe(false);
  });
});

async function check(text: string): Promise<void> {
  const outcome = await compileText(text);
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  for (const problem of outcome.problems) {
    expect(problem.line).toBeGreaterThanOrEqual(1);
    expect(problem.line).toBeLessThanOrEqual(lines.length);
    expect(problem.column).toBeGreaterThanOrEqual(1);
    expect(problem.column).toBeLessThanOrEqual((lines[problem.line - 1]?.length ?? 0) + 1);
    expect(problem.message).not.toBe('');
    expect(problem.message).not.toContain('could not be made');
  }
  expect(outcome.ok).toBe(!outcome.problems.some((problem) => problem.severity === 'error'));
}
