import { describe, expect, test } from 'vitest';
import { matchesPool } from '../../lib/model/match.ts';
import { compiled, head, problemsOf } from './compile-text.ts';

const config = (...rules: readonly string[]) =>
  `${head}pools:\n${rules.map((rule) => `  - { ${rule}, schedule: office, idle: 1 }\n`).join('')}`;

async function matches(labels: string, own: { [key: string]: string } | undefined): Promise<boolean> {
  const { rules } = await compiled(config(`match: "dev-*/*", labels: ${labels}`));
  return matchesPool(rules[0]!.match, { region: 'r1', cluster: 'dev-a', pool: 'w', labels: own });
}

describe('the labels of a rule', () => {
  test.each<[string, string, { [key: string]: string } | undefined, boolean]>([
    ['exact', '{ team: data }', { team: 'data' }, true],
    ['exact is the whole value', '{ team: data }', { team: 'data2' }, false],
    ['a pattern', '{ team: "data-*" }', { team: 'data-eu' }, true],
    ['one of several', '{ team: "{data,web}" }', { team: 'web' }, true],
    ['any value', '{ team: "*" }', { team: 'x' }, true],
    ['any value is not the lack of the label', '{ team: "*" }', {}, false],
    ['all of several', '{ team: data, tier: b }', { team: 'data', tier: 'b' }, true],
    ['one of two is missing', '{ team: data, tier: b }', { team: 'data' }, false],
    ['a key with dots and a slash', '{ "example.org/team.name": data }', { 'example.org/team.name': 'data' }, true],
    ['dots in a value stand for themselves', '{ v: "1.2" }', { v: '1x2' }, false],
    ['an empty value', '{ team: "" }', { team: '' }, true],
    ['an empty value is not the lack of the label', '{ team: "" }', {}, false],
    ['nor any other value', '{ team: "" }', { team: 'x' }, false],
    ['case counts in values', '{ team: Data }', { team: 'data' }, false],
    ['case counts in keys', '{ Team: data }', { team: 'data' }, false],
    ['labels that are not known', '{ team: data }', undefined, false],
    ['a key that objects have', '{ constructor: x }', {}, false],
  ])('%s', async (_title, labels, own, expected) => {
    expect(await matches(labels, own)).toBe(expected);
  });

  test('keep a rule above from taking every pool', async () => {
    const general = 'match: "dev-*/*"';
    expect(await problemsOf(config(`${general}, labels: { team: data }`, general))).toEqual([]);
    expect(await problemsOf(config(general, `${general}, labels: { team: data }`))).toMatchObject([
      { message: expect.stringContaining('has no effect') },
    ]);
    const same = `${general}, labels: { team: data }`;
    expect(await problemsOf(config(same, `${general}, labels: { team: data, tier: b }`))).toMatchObject([
      { message: expect.stringContaining('has no effect') },
    ]);
    expect(await problemsOf(config(same, `${general}, labels: { team: web }`))).toEqual([]);
  });

  test('are part of what a rule means, and so of its hash', async () => {
    const hashOf = async (labels: string) => (await compiled(config(`match: "dev-*/*"${labels}`))).rules[0]?.hash;
    expect(await hashOf(', labels: { team: data }')).not.toBe(await hashOf(''));
    expect(await hashOf(', labels: { team: data }')).not.toBe(await hashOf(', labels: { team: web }'));
  });
});
