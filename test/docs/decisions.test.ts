import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const files = readdirSync('docs/adr').filter((name) => name.endsWith('.md'));

describe('the decisions', () => {
  test('have a number each, in the name and in the title', () => {
    const numbers = files.map((name) => Number(name.slice(0, 4)));
    expect(new Set(numbers).size).toBe(numbers.length);
    const titles = files.map((name) => /^# (\d+)\. /.exec(readFileSync(`docs/adr/${name}`, 'utf8'))?.[1]);
    expect(titles.map(Number)).toEqual(numbers);
  });

  test('have a status', () => {
    const without = files.filter((name) => !/^Status: /m.test(readFileSync(`docs/adr/${name}`, 'utf8')));
    expect(without).toEqual([]);
  });

  test('name code that is there', () => {
    const named = files.flatMap((name) => [...readFileSync(`docs/adr/${name}`, 'utf8').matchAll(/lib\/[\w/-]+\.ts/g)]);
    expect(named.map(([path]) => path).filter((path) => !existsSync(path))).toEqual([]);
  });

  test('are there where the code points', () => {
    const known = new Set(files.map((name) => Number(name.slice(0, 4))));
    const code = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const pointed = code.flatMap((name) => [...readFileSync(`lib/${name}`, 'utf8').matchAll(/\b(?:ADR |adr\/)(\d+)/g)]);
    expect(pointed.map(([, number]) => Number(number)).filter((number) => !known.has(number))).toEqual([]);
  });
});
