import type { Redactor } from '../../io/redact.ts';
import { printableJson } from '../../model/printable.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Output, TextOutput } from '../parts.ts';
import { rfc3339 } from './instant.ts';

/**
 * Columns as wide as their widest cell, two spaces apart, without borders. Colours may be put on afterwards, by line.
 * `clean`: what the output takes out of a text it takes out of each cell first, since a column has the width of what is shown.
 */
export function renderTable(rows: readonly (readonly string[])[], clean: Redactor['clean']): readonly string[] {
  const shown = rows.map((cells) => cells.map(clean));
  const widths: number[] = [];
  for (const cells of shown) for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return shown.map((cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Text for people as wide as their terminal; where there is none, lines stay whole for whoever searches them. */
export function fitted(text: string, { isTerminal, columns }: Pick<Output, 'isTerminal' | 'columns'>): string {
  if (!isTerminal) return text;
  return text
    .split('\n')
    .flatMap((line) => wrapAt(line, columns))
    .join('\n');
}

/** A colour takes no room, and holds no blank. */
const colour = /\u{1b}\[[\d;]*m/gu; // oxlint-disable-line no-control-regex
const widthOf = (text: string) => text.replace(colour, '').length;

/** Broken at words, each further line under the beginning of what was broken. A word that is too long stays whole. */
function wrapAt(line: string, columns: number): readonly string[] {
  if (line.length <= columns || widthOf(line) <= columns) return [line];
  const plain = line.replace(colour, '');
  const own = /^ *(?:\S{1,22} {2,})?/u.exec(plain)?.[0].length ?? 0;
  const indent = columns - (own || 2) < 20 ? 2 : own || 2;
  const lines: string[] = [];
  let [shown, width, blanks] = ['', 0, 0];
  // Every blank begins a word, a further one an empty word.
  for (const [at, word] of line.split(' ').entries()) {
    if (at > 0) blanks += 1;
    if (word === '') continue;
    const wide = blanks + widthOf(word);
    if (width > 0 && width + wide > columns && (lines.length > 0 || width > own)) {
      lines.push(shown);
      [shown, width] = [`${' '.repeat(indent)}${word}`, indent + widthOf(word)];
    } else [shown, width] = [shown + ' '.repeat(blanks) + word, width + wide];
    blanks = 0;
  }
  return [...lines, shown.trimEnd()];
}

/** One JSON document, indented: people read it too. */
export function writeJson(output: TextOutput, value: unknown): void {
  output.writeLines(`${printableJson(JSON.stringify(value, undefined, 2))}\n`);
}

export function instantJson(at: EpochMs | undefined): string | null {
  return at === undefined ? null : rfc3339(at);
}
