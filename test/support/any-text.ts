import fc from 'fast-check';

/**
 * Texts of any characters. `fc.string` with a unit of all of Unicode lays out a table of a million entries for each
 * property, which takes a second and stays in memory.
 */
type Length = { readonly minLength?: number; readonly maxLength?: number };

const from = (min: number, max: number) => fc.integer({ min, max }).map((code) => String.fromCodePoint(code));
const ascii = from(0x20, 0x7e);

/** What people write: letters, signs and clusters of several code points, none of them broken. */
export function anyText(length: Length = {}): fc.Arbitrary<string> {
  const clusters = fc.constantFrom('e\u0301', 'n\u0303\u0323', 'ก็', '👍🏽', '👩‍🚀', '🇵🇱', '각', '\u{1d11e}');
  const letters = fc.oneof(from(0xa1, 0xac), from(0xae, 0x2ff), from(0x391, 0x3a1), from(0x410, 0x44f));
  const others = fc.oneof(from(0x5d0, 0x5ea), from(0x4e00, 0x9fff), from(0xac00, 0xd7a3), from(0x1f300, 0x1f64f));
  return joined(fc.oneof({ weight: 3, arbitrary: ascii }, letters, others, clusters), length);
}

/** What machines send: any code points, control characters and halves of a character among them. */
export function anyNoise(length: Length = {}): fc.Arbitrary<string> {
  const any = fc.oneof(ascii, from(0, 0x1f), from(0x7f, 0xffff), from(0xd800, 0xdfff), from(0x10000, 0x10ffff));
  return joined(any, length);
}

function joined(character: fc.Arbitrary<string>, { minLength = 0, maxLength = 20 }: Length): fc.Arbitrary<string> {
  const drawn = fc.array(character, { minLength, maxLength }).map((all) => all.join(''));
  const names = ['__proto__', 'constructor', 'toString', 'valueOf'].filter((name) => {
    return name.length >= minLength && name.length <= maxLength;
  });
  return names.length === 0 ? drawn : fc.oneof({ weight: 19, arbitrary: drawn }, fc.constantFrom(...names));
}
