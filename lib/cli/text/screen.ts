import { stripVTControlCharacters } from 'node:util';
import type { TextOutput } from '../parts.ts';

export type Screen = { readonly draw: (lines: readonly string[]) => void; readonly close: () => void };

/** A picture on a terminal that is drawn again in place; what is wider or higher than the terminal is cut. */
export function openScreen(stdout: TextOutput): Screen {
  let height = 0;
  return {
    /** The cursor stands below the last line: a picture as high as the screen would scroll it. */
    draw: (lines) => {
      const up = height === 0 ? '\x1b[?25l' : `\x1b[${height}A`;
      const shown = lines.slice(0, stdout.rows - 1).map((line) => cutLine(line, stdout.columns));
      // What a higher picture left below is wiped out.
      const blank = Array.from({ length: Math.max(0, height - shown.length) }, () => '');
      stdout.writeLines(`${up}${[...shown, ...blank].map((line) => `${line}\x1b[K\n`).join('')}`);
      height = Math.max(height, shown.length);
    },
    close: () => stdout.writeLines('\x1b[?25h'),
  };
}

/** Cut to the columns, so that a line stays one line; colours take no room and are kept, their ends too. */
function cutLine(line: string, columns: number): string {
  if (stripVTControlCharacters(line).length < columns) return line;
  let room = columns - 2;
  return line.replace(/\p{Cc}\[[\d;]*m|[^]/gu, (found) => {
    if (found.startsWith('\x1b')) return found;
    room -= 1;
    if (room >= 0) return found;
    return room === -1 ? '…' : '';
  });
}
