import { printableJson } from '../../model/printable.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Output } from '../parts.ts';
import { rfc3339 } from './instant.ts';

/** Columns as wide as their widest cell, two spaces apart, without borders. Colours may be put on afterwards, by line. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

/** Text for people as wide as their terminal; where there is none, lines stay whole for whoever searches them. */
export function fitted(text: string, { isTerminal, columns }: Pick<Output, 'isTerminal' | 'columns'>): string {
  if (!isTerminal) return text;
  const indentOf = (line: string) => /^ *(?:\S{1,22} {2,})?/u.exec(line)?.[0].length ?? 0;
  return text
    .split('\n')
    .flatMap((line) => wrapAt(line, columns, indentOf(line) || 2))
    .join('\n');
}

/** Broken at words, each further line under the beginning of what was broken. A word that is too long stays whole. */
function wrapAt(line: string, columns: number, indent: number): readonly string[] {
  if (line.length <= columns || columns - indent < 20) return [line];
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const cut = rest.lastIndexOf(' ', columns);
    const next = cut > indent ? cut : rest.indexOf(' ', columns);
    if (next === -1) break;
    lines.push(rest.slice(0, next).trimEnd());
    rest = `${' '.repeat(indent)}${rest.slice(next + 1)}`;
  }
  return [...lines, rest];
}

/** One JSON document, indented: people read it too. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${printableJson(JSON.stringify(value, undefined, 2))}\n`);
}

export function instantJson(at: EpochMs | undefined): string | null {
  return at === undefined ? null : rfc3339(at);
}
