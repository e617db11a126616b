import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileMatch, covers, mayOverlap } from '../../lib/config/compile-match.ts';
import { makeMatchIndex } from '../../lib/config/match-index.ts';
import { findPastedSecrets } from '../../lib/config/pasted-secrets.ts';
import { readYaml } from '../../lib/config/yaml-source.ts';
import type { Match } from '../../lib/model/config.ts';
import { hasSeveralRuns, linearPattern } from '../../lib/model/linear-pattern.ts';
import { matchesPool, matchesWhole } from '../../lib/model/match.ts';
import { isLong, runs } from '../support/runs.ts';
import { compileText, head } from './compile-text.ts';

function match(text: string): Match {
  const outcome = compileMatch(text);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.match;
}

/** Milliseconds of this thread's own work: neither other test files nor whoever else uses the machine count. */
async function workOf(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

const long = isLong ? 200_000 : 50_000;
const filled = (piece: string) => piece.repeat(Math.ceil(long / piece.length));

describe('what somebody pasted is found in linear time', () => {
  test.each([
    'a',
    'a-',
    'a.',
    '1a',
    'Aa1_',
    'https://',
    'https://a/',
    'https://x.webhook.office.com',
    'a://x:',
    ':',
    'hooks/',
    'xoxa-',
    '-----BEGIN ',
    '-----BEGIN A ',
    'whsec_',
    'http://h/hooks/',
    'discord.com/api/webhooks/',
    '&sig',
  ])('in a long text of "%s"', async (piece) => {
    for (const text of [filled(piece), `https://h/${filled(piece)}`, `a://u:${filled(piece)}`]) {
      expect(await workOf(() => findPastedSecrets(text))).toBeLessThan(1500);
    }
  });
});

describe('many keys of one map are read in linear time', () => {
  const keys = (count: number, key: (n: number) => string) => Array.from({ length: count }, (_, n) => key(n));
  test.each([
    ['each another', `prices: { flavors: { ${keys(4000, (n) => `k${n}: 1`).join(', ')} } }\n`],
    ['all alike', `prices: { flavors: { ${keys(4000, () => 'k: 1').join(', ')} } }\n`],
    ['none of ours', keys(4000, (n) => `k${n}: 1\n`).join('')],
  ])('%s', async (_, text) => {
    // The parser's own search for keys that are there twice took ten times as long.
    expect(await workOf(() => readYaml(`${head}${text}`))).toBeLessThan(1200);
  });

  test('and those that are there twice are found', () => {
    const { document } = readYaml('a: 1\nb: { c: 1, "c": 2, d: 3 }\n? [x]\n: 1\na: 2\n"1": x\n1: y\n');
    expect(document.errors.map(({ code, pos: [at] }) => [code, at])).toEqual([
      ['DUPLICATE_KEY', 16],
      ['DUPLICATE_KEY', 41],
    ]);
  });

  test('and of very many the first are told', () => {
    const inner = 'b: 1, '.repeat(900);
    const { document } = readYaml(`a: { ${inner}}\n${'c: 1\n'.repeat(900)}`);
    const lines = document.errors.map(({ pos: [at] }) => (at < inner.length ? 'first' : 'later'));
    expect(lines).toEqual([...Array(899).fill('first'), ...Array(101).fill('later')]);
  });
});

describe('a pattern takes linear time', () => {
  test.each(['*a*a*a*a*a*a*c/*', '{*a*,*b*}*a*{*a*,b}*c/*', '*?*?*?*?*?*c/*', 'x/*a*[ab]*a*[ab]*c'])(
    '%s',
    async (text) => {
      const names = { region: 'r1', cluster: 'a'.repeat(5000), pool: 'a'.repeat(5000) };
      expect(await workOf(() => matchesPool(match(text), names))).toBeLessThan(1500);
    },
  );

  test('a match of any length is refused in words', () => {
    expect(compileMatch(filled('a'))).toMatchObject({
      ok: false,
      message: `has ${long} characters; the limit is 4000`,
    });
  });

  const part = fc
    .array(
      fc.constantFrom(
        '*',
        '*',
        '?',
        '[ab]',
        '[!a]',
        '{a,bc}',
        '{*a,b*}',
        '{a,{b,*c}}',
        '{,x}',
        'a',
        'b',
        '-',
        ' ',
        '.',
        'é',
        '😀',
        '+',
        '(',
      ),
      {
        minLength: 1,
        maxLength: 7,
      },
    )
    .map((pieces) => pieces.join(''))
    .filter((text) => text.trim() !== '');
  const name = fc
    .array(fc.constantFrom('a', 'b', 'bc', '-', ' ', '.', '+', '(', 'é', '😀', 'x', '\n', '/'), { maxLength: 6 })
    .map((pieces) => pieces.join(''));

  test('and says what the engine of the language says', () => {
    fc.assert(
      fc.property(part, name, (text, candidate) => {
        const { cluster: source } = match(text);
        const linear = linearPattern(source);
        expect(linear).toBeDefined();
        const matches = new RegExp(`^(?:${source})$`, 'u').test(candidate);
        expect(linear?.(candidate)).toBe(matches);
        expect(matchesWhole(source, candidate)).toBe(matches);
      }),
      runs(200),
    );
  });

  test.each([
    ['a[^/]*?b', false],
    ['[*+]a\\*[^/]*?', false],
    ['(?=.)[^/]*?a[^/]*?', true],
    ['(a[^/]*?|[^/]*?b)', true],
  ])('%s has several runs: %s', (source, says) => {
    expect(hasSeveralRuns(source)).toBe(says);
  });

  test.each(['a{2,3}', '(?!a)b', 'a(', '[a', '(?<n>a)', 'a)b'])('%s is left to the engine', (source) => {
    expect(linearPattern(source)).toBeUndefined();
  });
});

describe('many matches', () => {
  /** Ten times as many in `npm run test:long`. */
  const manyRules = runs(1000).numRuns;
  const part = fc
    .array(fc.constantFrom('*', '?', '[ab]', '{a,bc}', '{a*,b}', 'a', 'b', 'ab', 'c'), { minLength: 1, maxLength: 3 })
    .map((pieces) => pieces.join(''));
  const text = fc
    .tuple(part, fc.option(part, { nil: undefined }))
    .map(([cluster, pool]) => (pool === undefined ? cluster : `${cluster}/${pool}`));

  test('an index finds what a look at each finds', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60 }), text, (texts, asked) => {
        const all = texts.map(match);
        const index = makeMatchIndex<Match>((one) => one);
        for (const one of all) index.add(one);
        const wanted = match(asked);
        expect(index.firstCovering(wanted)).toBe(all.find((one) => covers(one, wanted)));
        expect(index.overlapping(wanted)).toEqual(all.filter((one) => mayOverlap(one, wanted)));
      }),
      runs(60),
    );
  });

  test.each([
    ['by the beginning', (i: number) => `dev-${i}-*/*`],
    ['by the end', (i: number) => `*-${i}/w`],
    ['by the pool', (i: number) => `*/w-${i}`],
    ['in full', (i: number) => `dev-${i}/w`],
    ['in the middle', (i: number) => `*a${i}*b*/*`],
    ['in the middle of the pool', (i: number) => `dev/?a${i}[xy]*`],
  ])('1,000 rules told apart %s take no second', async (_, textOf) => {
    const drafts = Array.from({ length: manyRules }, (__, i) => match(textOf(i)));
    const work = await workOf(() => {
      const index = makeMatchIndex<Match>((one) => one);
      for (const one of drafts) {
        expect(index.firstCovering(one)).toBeUndefined();
        index.add(one);
      }
    });
    expect(work).toBeLessThan(manyRules);
  });
});

test('names against patterns that wind are compared so far, and no further', async () => {
  const pools = [
    ...Array.from({ length: 800 }, (_, i) => `  - { match: "*a${i}*b*/*", schedule: none }`),
    ...Array.from({ length: 800 }, (_, i) => `  - { match: "c-${i}/w", schedule: none }`),
  ];
  const work = await workOf(async () => {
    const { problems } = await compileText(`${head}\npools:\n${pools.join('\n')}\n`);
    expect(problems.map(({ severity, message }) => [severity, message])).toEqual([
      ['warning', 'there are too many patterns to compare: from here on, rules without effect are not found'],
    ]);
  });
  expect(work).toBeLessThan(10_000);
});

test('a long value is a problem like any other', async () => {
  const work = await workOf(async () => {
    const { problems } = await compileText(`timezone: ${filled('a')}\n# ${filled('https://')}\n`);
    expect(problems.length).toBeGreaterThan(0);
  });
  expect(work).toBeLessThan(5000);
});
