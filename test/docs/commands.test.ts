import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandGroups } from '../../lib/cli/common-options.ts';
import { aCliWorld } from '../cli/cli-world.ts';

const pages = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const known = new Set(Object.values(commandGroups).flat());

/** Every `lamplighter …` that stands in backticks or begins a line of a block, as far as it is one command. */
function commandsOf(page: string): readonly string[] {
  const text = readFileSync(page, 'utf8');
  const inline = [...text.matchAll(/`(?:sudo |… )?(lamplighter [^`\n]+)`/g)].map(([, line = '']) => line);
  const blocks = [...text.matchAll(/```(?:sh|console|yaml)\n([^]*?)```/g)].flatMap(([, block = '']) =>
    block.split('\n').flatMap((line) => /^\s*(?:- |\$ |- run: |run: )?(lamplighter .*)$/.exec(line)?.[1] ?? []),
  );
  return [...inline, ...blocks].map((line) => line.replace(/\s#.*$|\s[|>]{1,2}\s.*$|\s\(.*$/, '').trim());
}

const written = pages.flatMap((page) => commandsOf(page).map((line) => [page, line] as const));

/** What help says of a command or of the command below it: kept, since many pages name the same. */
const helps = new Map<string, Promise<string>>();
function helpOf(name: string, below: string | undefined): Promise<string> {
  const words = below === undefined ? [name, '--help'] : [name, below, '--help'];
  const key = words.join(' ');
  const found = helps.get(key) ?? read(words);
  helps.set(key, found);
  return found;
}

async function read(words: readonly string[]): Promise<string> {
  using world = aCliWorld();
  return (await world.runWith({}, ...words)).out;
}

test('every command in the docs is one, with options that it has', async () => {
  expect(written.length).toBeGreaterThan(60);
  const wrong: string[] = [];
  for (const [page, line] of written) {
    const [, name = '', ...rest] = line.split(/\s+/);
    if (name.startsWith('-') || name.startsWith('<') || name === '…' || name === 'runs') continue;
    if (!known.has(name)) {
      wrong.push(`${page}: ${line}: no such command`);
      continue;
    }
    const below = name === 'store' ? rest.find((word) => /^[a-z]+$/.test(word)) : undefined;
    const help = await helpOf(name, below);
    for (const option of line.match(/(?<=\s)--[a-z][\w-]*/g) ?? [])
      if (!new RegExp(`${option}(?![\\w-])`).test(help)) wrong.push(`${page}: ${line}: ${option}`);
  }
  expect(wrong).toEqual([]);
});
