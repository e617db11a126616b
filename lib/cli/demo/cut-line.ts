import { stripVTControlCharacters } from 'node:util';

/** Cut to the columns, so that a line stays one line; colours take no room and are kept, their ends too. */
export function cutLine(line: string, columns: number): string {
  if (stripVTControlCharacters(line).length < columns) return line;
  let room = columns - 2;
  return line.replace(/\p{Cc}\[[\d;]*m|[^]/gu, (found) => {
    if (found.startsWith('\x1b')) return found;
    room -= 1;
    if (room >= 0) return found;
    return room === -1 ? '…' : '';
  });
}
