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

/** One JSON document, indented: people read it too. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${printableJson(JSON.stringify(value, undefined, 2))}\n`);
}

export function instantJson(at: EpochMs | undefined): string | null {
  return at === undefined ? null : rfc3339(at);
}
