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

/** Why bytes are no UTF-8 text, in words that follow "it is", and where; the place is not known for other encodings. */
export type NotUtf8 = { readonly is: string; readonly line: number; readonly column: number };

/**
 * undefined = they are UTF-8. Read all the same, each wrong byte would become a replacement character, and a name would
 * match nothing without a word.
 */
export function whyNotUtf8(bytes: Uint8Array): NotUtf8 | undefined {
  const other = otherEncodingOf(bytes);
  if (other !== undefined) return { is: other.slice(0, 6).toUpperCase(), line: 1, column: 1 };
  let [line, column] = [1, 1];
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0;
    const length = lengthAt(bytes, at);
    if (length === 0) return { is: `not UTF-8: line ${line}, column ${column} has ${nameOf(byte)}`, line, column };
    if (byte === 0x0a) [line, column] = [line + 1, 1];
    else column += length === 4 ? 2 : 1;
    at += length;
  }
  return undefined;
}

/** In Latin-1 a byte is its character; below 0xA0 it has none that is seen. */
function nameOf(byte: number): string {
  const hex = `the byte 0x${byte.toString(16).toUpperCase()}`;
  return byte < 0xa1 || byte === 0xad ? hex : `${hex} ("${String.fromCharCode(byte)}" in Latin-1)`;
}

/** How many bytes the character here has; 0 = it is none (RFC 3629, 4: no longer forms than needed, no surrogates). */
function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  const [least = 0x80, most = 0xbf] = seconds[first] ?? [];
  const second = bytes[at + 1] ?? 0;
  if (second < least || second > most) return 0;
  for (let i = 2; i < length; i += 1) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Where the second byte may not be just any from 0x80 to 0xBF. */
const seconds: { readonly [first: number]: readonly [least: number, most: number] } = {
  0xe0: [0xa0, 0xbf],
  0xed: [0x80, 0x9f],
  0xf0: [0x90, 0xbf],
  0xf4: [0x80, 0x8f],
};
