import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { isMap, isNode, isScalar, isSeq, type Node, parseDocument, visit } from 'yaml';
import { listKeys } from '../../lib/config/key-table.ts';
import { configSchema } from '../../lib/config/schema/config.ts';
import { type Shape, shapeFor } from '../../lib/config/schema/shape.ts';
import { compileText, problemsOf } from './compile-text.ts';

const root = new URL('../../', import.meta.url);
let example = '';
let awsExample = '';

beforeAll(async () => {
  example = await readFile(new URL('lamplighter.example.yml', root), 'utf8');
  awsExample = await readFile(new URL('deploy/lamplighter.aws.example.yml', root), 'utf8');
});

describe('the examples', () => {
  test('compile without a warning', async () => {
    expect(await problemsOf(example)).toEqual([]);
    expect(await problemsOf(awsExample, { target: 'aws' })).toEqual([]);
  });

  test('the local one is refused for AWS, place by place', async () => {
    const outcome = await compileText(example, { target: 'aws' });
    expect(outcome.ok).toBe(false);
    expect(outcome.problems.map((problem) => problem.message)).toContain(
      'Lambda functions cannot keep their store in a file',
    );
    expect(outcome.problems.filter((problem) => problem.message.startsWith('a secret from')).length).toBeGreaterThan(8);
  });

  test('nearly every key is shown', () => {
    const shown = new Set(keysIn(example).map((key) => key.name));
    const missing = new Set(listKeys().map((row) => row.key.split('.').at(-1) ?? ''));
    for (const name of shown) missing.delete(name);
    expect([...missing].filter((name) => !name.endsWith('>'))).toEqual(
      ['include', 'ics', 'key', 'table', 'awsSecret'].filter((name) => !shown.has(name)),
    );
  });
});

describe('a key misspelt by one letter', () => {
  test('is refused with its place and the right key, wherever it stands', async () => {
    const keys = keysIn(example);
    expect(keys.length).toBeGreaterThan(150);
    const typos = keys.map((key, index) => ({ key, typo: (slips[index % slips.length] ?? drop)(key.name) }));
    for (const together of apart(typos.filter(({ key, typo }) => !key.siblings.includes(typo)))) {
      const text = together.reduceRight(
        (said, { key, typo }) => said.slice(0, key.offset) + typo + said.slice(key.offset + key.name.length),
        example,
      );
      const problems = await problemsOf(text);
      let moved = 0;
      for (const { key, typo } of together) {
        const { line, column } = placeOf(text, key.offset + moved);
        moved += typo.length - key.name.length;
        expect(problems, `${typo} for ${key.name} in line ${line}`).toContainEqual(
          expect.objectContaining({
            severity: 'error',
            line,
            column,
            message: `unknown key "${typo}"`,
            fix: `did you mean "${key.name}"?`,
          }),
        );
      }
    }
  });
});

test('a key that nobody knows is refused in every map', async () => {
  const document = parseDocument(example);
  visit(document, { Map: (_, map) => map.add(document.createPair('nobody', 1)) });
  const text = document.toString();
  const problems = await problemsOf(text);
  const missed = text
    .split('\n')
    .filter((line, index) => line.includes('nobody') && !problems.some((one) => one.line === index + 1));
  // Names of machine specs, with their prices.
  expect(missed).toEqual([expect.stringContaining('flavors: { eo2a.large: 0.112, nobody: 1 }')]);
  expect(problems.filter(({ message }) => message === 'unknown key "nobody"').length).toBeGreaterThan(70);
});

type Typo = { readonly key: FoundKey; readonly typo: string };

/** A few to a text, in its order: each alone among its siblings, and none within another, which would hide it. */
function apart(typos: readonly Typo[]): readonly (readonly Typo[])[] {
  const groups: Typo[][] = [];
  for (const one of typos) {
    const found = groups.find(
      (group) => group.length < 3 && group.every(({ key }) => key.end <= one.key.offset && key.map !== one.key.map),
    );
    if (found) found.push(one);
    else groups.push([one]);
  }
  return groups;
}

const drop = (name: string) => name.slice(0, -1);
const rawSlips: readonly ((name: string) => string)[] = [
  drop,
  (name) => `${name}s`,
  (name) => `${name.slice(0, 1)}x${name.slice(2)}`,
  (name) => name.slice(0, 1) + name,
  (name) => name.slice(0, -2) + name.slice(-1) + name.slice(-2, -1),
  (name) => name.slice(1),
];
const slips = rawSlips.map((slip) => (name: string) => (slip(name) === name ? `${name}z` : slip(name)));

type FoundKey = {
  readonly name: string;
  readonly offset: number;
  /** Where its value ends. */
  readonly end: number;
  /** Where the map begins that it stands in. */
  readonly map: number;
  readonly siblings: readonly string[];
};

/** Every key of the schema as it occurs in the text; names that users choose are not among them. */
function keysIn(text: string): readonly FoundKey[] {
  const document = parseDocument(text);
  const found: FoundKey[] = [];
  walk(document.contents, (value) => shapeFor(configSchema, value));
  return found;

  function walk(node: Node | null, shapeOf: (value: unknown) => Shape): void {
    if (isSeq(node)) {
      const shape = shapeOf([]);
      if (shape.kind === 'list')
        for (const item of node.items) walk(item as Node, (value) => shapeFor(shape.item, value));
    }
    if (!isMap(node)) return;
    const shape = shapeOf({});
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const name = String(key.value);
      const [offset = -1] = key.range ?? [];
      const end = isNode(value) ? (value.range?.[1] ?? -1) : offset + name.length;
      const [map = -1] = node.range ?? [];
      if (shape.kind === 'keys') found.push({ name, offset, end, map, siblings: Object.keys(shape.entries) });
      const child = shape.kind === 'keys' ? shape.entries[name] : shape.kind === 'names' ? shape.value : undefined;
      if (child !== undefined) walk(value as Node, (inner) => shapeFor(child, inner));
    }
  }
}

function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
