import fc from 'fast-check';
import { expect, test } from 'vitest';
import { otherEncodingOf, whyNotUtf8 } from '../../lib/model/encoding.ts';
import { anyNoise } from '../support/any-text.ts';

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Bytes at the edges of what UTF-8 allows come often. */
const edges = [0, 0x0a, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe4, 0xed, 0xef];
const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...edges, 0xf0, 0xf4, 0xf5, 0xff));

test('bytes are UTF-8 where a strict decoder reads them', () => {
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 8 }), (list) => {
      const bytes = Uint8Array.from([0x41, 0x41, ...list]);
      fc.pre(otherEncodingOf(bytes) === undefined);
      expect(whyNotUtf8(bytes) === undefined).toBe(decodes(bytes));
    }),
    { numRuns: 3_000 },
  );
});

test('every text of Unicode is UTF-8', () => {
  fc.assert(
    fc.property(anyNoise({ minLength: 1 }), (text) => {
      fc.pre(text.isWellFormed() && otherEncodingOf(Buffer.from(text)) === undefined);
      expect(whyNotUtf8(Buffer.from(text))).toBeUndefined();
    }),
  );
});

test.each([
  ['name: ok\r\nregion: M\xfcnchen\n', 2, 10, 'line 2, column 10 has the byte 0xFC ("ü" in Latin-1)'],
  ['\x80', 1, 1, 'line 1, column 1 has the byte 0x80'],
  ['ab\n\n\xe4', 3, 1, 'line 3, column 1 has the byte 0xE4 ("ä" in Latin-1)'],
])('of %j the first wrong byte is named', (text, line, column, place) => {
  expect(whyNotUtf8(Buffer.from(text, 'latin1'))).toEqual({ is: `not UTF-8: ${place}`, line, column });
});

test('columns count as editors do', () => {
  const bytes = Buffer.concat([Buffer.from('ä😀'), Buffer.from([0xff])]);
  expect(whyNotUtf8(bytes)).toMatchObject({ line: 1, column: 4 });
});
