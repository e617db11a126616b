import { readdirSync, readFileSync } from 'node:fs';

/** One command of a shell block in the docs: `npm start -- --page`, as the shell would run it. */
export type DocCommand = {
  readonly page: string;
  /** Of the block's first line, from 1. */
  readonly line: number;
  readonly text: string;
  readonly words: readonly string[];
};

/** The shell block that commands stand in. What its fence says is not run here begins with one of `notRun`. */
export type DocBlock = {
  readonly page: string;
  readonly line: number;
  readonly commands: readonly DocCommand[];
  readonly notRun: readonly string[];
};

export const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

type Fence = { readonly page: string; readonly line: number; readonly info: string; readonly text: string };

export function fencesOf(page: string): readonly Fence[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^( *)```([^\n]*)\n([^]*?)^\1```$/gm)].map(({ index, 2: info = '', 3: block = '' }) => {
    return { page, line: text.slice(0, index).split('\n').length + 1, info: info.trim(), text: block };
  });
}

/** ` ```sh not run here: aws, npm ci `: what of the block no test runs, by the words that the commands begin with. */
const shellFence = /^sh(?: not run here: (.+))?$/;

export const shellBlocks: readonly DocBlock[] = pages.flatMap(fencesOf).flatMap(({ page, line, info, text }) => {
  const [isShell, marked] = shellFence.exec(info) ?? [];
  if (isShell === undefined) return [];
  const commands = commandsOf(text).map((one) => ({ page, line, text: one, words: wordsOf(one) }));
  return [{ page, line, commands, notRun: marked?.split(', ') ?? [] }];
});

export function isMarked({ notRun }: DocBlock, { text }: DocCommand): boolean {
  return notRun.some((mark) => `${text} `.startsWith(`${mark} `));
}

/** Without comments, variables that are set and what the shell itself does. */
function commandsOf(block: string): readonly string[] {
  const lines = block.replaceAll(/\\\n\s*/g, ' ').split('\n');
  return lines
    .flatMap((line) => splitOutsideQuotes(line.replace(/(^|\s)#\s.*$/u, '')))
    .flatMap((command) => [...command.matchAll(/<\(([^)]+)\)/g)].map(([, inner = '']) => inner).concat(command))
    .map((command) => command.replace(/\s\d?>{1,2}\s*\S+/gu, '').trim())
    .filter((command) => command !== '' && !/^(?:export |source )|^\w+=(?:<[^>]*>|\S*)$/u.test(command));
}

/** At `&&`, `||`, `;`, `|` and `&`. */
function splitOutsideQuotes(line: string): readonly string[] {
  const parts = line.match(/'[^']*'|"(?:\\.|[^"\\])*"|&&|\|\||[;|&]|[^'";|&]+/gu) ?? [];
  const commands = [''];
  for (const part of parts)
    if (/^(?:&&|\|\||[;|&])$/u.test(part)) commands.push('');
    else commands.push(`${commands.pop() ?? ''}${part}`);
  return commands;
}

export function wordsOf(command: string): readonly string[] {
  const found = command.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\$\([^)]*\)|[^\s'"])+/gu) ?? [];
  return found.map((word) =>
    word.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"/gu, (_, single, double) => single ?? double),
  );
}
