import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileMatch, covers, mayOverlap } from '../../lib/config/compile-match.ts';
import type { Match } from '../../lib/model/config.ts';
import { matchesCluster, matchesPool } from '../../lib/model/match.ts';
import { runs } from '../support/runs.ts';

function match(text: string, region?: string): Match {
  const outcome = compileMatch(text, region);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.match;
}

const names = (cluster: string, pool: string, region = 'r1') => ({ region, cluster, pool });

describe('a match', () => {
  test.each([
    ['dev-*/*', 'dev-a', 'x', true],
    ['dev-*/*', 'dev-', 'x', true],
    ['dev-*/*', 'prod', 'x', false],
    ['dev-*/*', 'my-dev-a', 'x', false],
    ['*/workers', 'any thing', 'workers', true],
    ['*/workers', 'a', 'workers2', false],
    ['**/x', 'a', 'x', true],
    ['my cluster/my pool', 'my cluster', 'my pool', true],
    ['a?/x', 'ab', 'x', true],
    ['a?/x', 'a', 'x', false],
    ['a[bc]d/x', 'acd', 'x', true],
    ['a[bc]d/x', 'a[bc]d', 'x', false],
    ['a[!b]/x', 'ab', 'x', false],
    ['a[!b]/x', 'ac', 'x', true],
    ['a[0-9]/x', 'a7', 'x', true],
    ['{dev,test}-1/x', 'test-1', 'x', true],
    ['{dev,test}-1/x', 'dev', 'x', false],
    ['{a,b{c,d}}/x', 'bd', 'x', true],
    ['a.c/x', 'abc', 'x', false],
    ['a.c*/x', 'abc', 'x', false],
    ['a+*/x', 'aa', 'x', false],
    ['a+*/x', 'a+b', 'x', true],
    ['(a|b)*/x', 'a', 'x', false],
    ['(a|b)*/x', '(a|b)c', 'x', true],
    ['!a*/x', 'b', 'x', false],
    ['!a*/x', '!ab', 'x', true],
    ['^a$*/x', '^a$', 'x', true],
    ['a_-é*/x', 'a_-éß', 'x', true],
    ['A*/x', 'a', 'x', false],
    ['a/*', 'a', '.x', true],
    ['a', 'a', 'anything', true],
  ])('%s against %s/%s: %s', (text, cluster, pool, want) => {
    expect(matchesPool(match(text), names(cluster, pool))).toBe(want);
  });

  test('names a region before the colon, literally', () => {
    expect(matchesPool(match('r.1:a/b'), names('a', 'b', 'r.1'))).toBe(true);
    expect(matchesPool(match('r.1:a/b'), names('a', 'b', 'rx1'))).toBe(false);
    expect(matchesPool(match('a/b', 'r2'), names('a', 'b', 'r1'))).toBe(false);
    expect(matchesCluster(match('a*'), { region: 'r9', cluster: 'ab' })).toBe(true);
  });

  test.each([
    ['a/b', true],
    ['r1:a b/c.d', true],
    ['a*/b', false],
    ['a/{b,c}', false],
    ['a', false],
  ])('%s is exact: %s', (text, want) => {
    expect(match(text).exactPool).toBe(want);
  });

  test.each([
    'a/b/c',
    '',
    '/',
    'a/',
    '/b',
    ':a/b',
    'a[b/c',
    'a]b/c',
    '{a/b',
    'a}/b',
    '{a}/b',
    '{1..3}/b',
    'a[]/b',
    ' /b',
  ])('"%s" is refused', (text) => {
    expect(compileMatch(text).ok).toBe(false);
  });
});

/** Pieces of patterns, each with a function that makes a name it matches. */
const piece = fc.constantFrom('*', '?', '[ab]', '{a,bc}', 'a', 'b', '-', ' ', '.', '+', '(');
const part = fc
  .array(piece, { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join(''))
  .filter((text) => text.trim() !== '');
const text = fc
  .tuple(fc.constantFrom('', '', 'r1:', 'r2:'), part, fc.option(part, { nil: undefined }))
  .map(([region, cluster, pool]) => `${region}${cluster}${pool === undefined ? '' : `/${pool}`}`);
const name = fc
  .array(fc.constantFrom('a', 'b', 'bc', '-', ' ', '.', '+', '(', 'x'), { minLength: 1, maxLength: 5 })
  .map((pieces) => pieces.join(''));
const someNames = fc.array(fc.record({ region: fc.constantFrom('r1', 'r2'), cluster: name, pool: name }), {
  minLength: 20,
  maxLength: 20,
});

describe('properties', () => {
  test('agrees with a matcher that walks the letters', () => {
    fc.assert(
      fc.property(
        part,
        name,
        (pattern, candidate) => matchesPool(match(`${pattern}/x`), names(candidate, 'x')) === walks(pattern, candidate),
      ),
      runs(50),
    );
  });

  test('a pattern matches the names that are made from it', () => {
    fc.assert(fc.property(part, (pattern) => matchesPool(match(`${pattern}/x`), names(makeName(pattern), 'x'))));
  });

  test('what covers another matches all that it matches', () => {
    fc.assert(
      fc.property(text, text, someNames, (one, other, candidates) => {
        if (!covers(match(one), match(other))) return true;
        return candidates.every(
          (candidate) => !matchesPool(match(other), candidate) || matchesPool(match(one), candidate),
        );
      }),
      runs(50),
    );
  });

  test('what cannot overlap matches nothing in common', () => {
    fc.assert(
      fc.property(text, text, someNames, (one, other, candidates) => {
        if (mayOverlap(match(one), match(other))) return true;
        return candidates.every(
          (candidate) => !matchesPool(match(other), candidate) || !matchesPool(match(one), candidate),
        );
      }),
      runs(50),
    );
  });

  test.each([
    ['*/*', 'dev-a/x', true],
    ['dev-*/*', 'dev-a*/x', true],
    ['*-dev/*', 'a*-dev/x', true],
    ['{a,b}/x', 'a/x', true],
    ['[ab]*/x', '{a1,b2}/x', true],
    ['a/*', 'a*/x', false],
    ['r1:*/*', 'a/x', false],
    ['*/*', 'r1:a/x', true],
    ['dev-*/x', 'dev-*/*', false],
  ])('%s covers %s: %s', (one, other, want) => {
    expect(covers(match(one), match(other))).toBe(want);
  });
});

/** Another implementation, over the few forms that the property uses. */
function walks(pattern: string, candidate: string): boolean {
  if (pattern === '') return candidate === '';
  const choice = /^\{([^}]*)\}|^\[([^\]]*)\]/u.exec(pattern);
  if (choice !== null) {
    const options = choice[1] === undefined ? (choice[2] ?? '').split('') : choice[1].split(',');
    const rest = pattern.slice(choice[0].length);
    return options.some((option) => candidate.startsWith(option) && walks(rest, candidate.slice(option.length)));
  }
  const [first = ''] = pattern;
  if (first === '*')
    return walks(pattern.slice(1), candidate) || (candidate !== '' && walks(pattern, candidate.slice(1)));
  if (candidate === '') return false;
  return (first === '?' || candidate.startsWith(first)) && walks(pattern.slice(1), candidate.slice(1));
}

function makeName(pattern: string): string {
  return pattern.replaceAll('{a,bc}', 'bc').replaceAll('[ab]', 'b').replaceAll('*', 'xyz').replaceAll('?', 'q');
}
