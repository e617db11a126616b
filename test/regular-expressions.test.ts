import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/**
 * Every regular expression of the code is tried on long texts made of its own characters, with an end that spoils the
 * match: where time grows with the square of the length, tens of milliseconds pass instead of less than one.
 */
const length = 12_000;
const mostMs = 15;

function regularExpressions(): readonly { readonly file: string; readonly source: string; readonly flags: string }[] {
  const files = ['lib', 'functions'].flatMap((folder) => {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  });
  return files.filter((file) => file.endsWith('.ts')).flatMap(expressionsOf);
}

const literal = /(?<=[=(,:[!&|?;{}\s])\/(?![*/])((?:\\.|\[(?:\\.|[^\]\n\\])*\]|[^/\n\\[])+)\/([dgimsuvy]*)/g;

function expressionsOf(file: string): { readonly file: string; readonly source: string; readonly flags: string }[] {
  const code = readFileSync(file, 'utf8').replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '');
  return [...code.matchAll(literal)].flatMap(([, source = '', flags = '']) => {
    return isExpression(source, flags) ? [{ file, source, flags: flags.replaceAll(/[gy]/g, '') }] : [];
  });
}

function isExpression(source: string, flags: string): boolean {
  try {
    return new RegExp(source, flags) instanceof RegExp;
  } catch {
    return false;
  }
}

/** Its own letters and signs, alone and in pairs with their neighbours, and what usual classes stand for. */
function piecesOf(source: string): readonly string[] {
  const plain = source.replaceAll(/\\[bBdDsSwWpP](?:\{\w+\})?/g, '').replaceAll('\\', '');
  const words = plain.split(/[()[\]{}|?*+^$]+/).filter((word) => word !== '' && word.length <= 30);
  const signs = [...new Set(plain.replaceAll(/[()[\]{}|?*+^$]/g, ''))].slice(0, 12);
  return [...new Set([...words, ...signs, 'a', '1', ' ', '/', 'a1', '<', '"'])].slice(0, 40);
}

function slowest({ source, flags }: { readonly source: string; readonly flags: string }): readonly [number, string] {
  const pattern = new RegExp(source, flags);
  const begin = /^\W*([a-z:/ ]{2,12})/i.exec(source.replaceAll('\\', ''))?.[1] ?? '';
  let worst: readonly [number, string] = [0, ''];
  for (const piece of piecesOf(source)) {
    for (const [start, end] of [
      ['', '\u0001'],
      [begin, '\u0001'],
      ['', '*'],
    ] as const) {
      const text = `${start}${piece.repeat(Math.ceil(length / piece.length))}${end}`;
      let ms = msOf(pattern, text);
      // Garbage may be collected in between, also twice.
      for (let tries = 1; tries < 5 && ms > mostMs; tries += 1) ms = Math.min(ms, msOf(pattern, text));
      if (ms > worst[0]) worst = [ms, `${start}(${piece})*`];
      if (ms > mostMs) return worst;
    }
  }
  return worst;
}

/** Of this thread: other tests run beside it in the same process. */
function msOf(pattern: RegExp, text: string): number {
  const before = process.threadCpuUsage();
  pattern.test(text);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

test('no regular expression takes more than linear time', () => {
  const all = regularExpressions();
  expect(all.length).toBeGreaterThan(150);
  const slow = all.map((one) => ({ ...one, worst: slowest(one) })).filter(({ worst: [ms] }) => ms > mostMs);
  expect(slow).toEqual([]);
});

test('the trial finds what it looks for', () => {
  for (const source of [String.raw`\/+$`, '[^*]*$', String.raw`(\d+)([dhms])`, '<[^>]*>']) {
    const [ms] = slowest({ source, flags: 'u' });
    expect([source, ms > mostMs]).toEqual([source, true]);
  }
});
