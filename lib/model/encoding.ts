/** What a text is in, where it is not UTF-8. Editors on Windows save UTF-16, and PowerShell writes it into files. */
export type OtherEncoding = 'utf-16le' | 'utf-16be' | 'utf-32';

/**
 * By its mark, or without one by the zeros of its first characters: texts for programs begin with Latin letters, of
 * which one byte in two is zero in UTF-16. undefined = UTF-8, or nothing known.
 */
export function otherEncodingOf(bytes: Uint8Array): OtherEncoding | undefined {
  const mark = (...values: readonly number[]) => values.every((value, i) => bytes[i] === value);
  if (mark(0xff, 0xfe, 0, 0) || mark(0, 0, 0xfe, 0xff)) return 'utf-32';
  if (mark(0xff, 0xfe)) return 'utf-16le';
  if (mark(0xfe, 0xff)) return 'utf-16be';
  const [a, b, c, d] = bytes;
  if (!a && !b && !c && d) return 'utf-32';
  if (a && b === 0 && c && d === 0) return 'utf-16le';
  return a === 0 && b && c === 0 && d ? 'utf-16be' : undefined;
}
