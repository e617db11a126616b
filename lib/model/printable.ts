/**
 * What no terminal and no log may get from outside: control characters (C0, DEL, and C1, among them U+009B, which is
 * ESC [ in one), line and paragraph separators, marks that turn the direction of writing (Unicode Technical Report 36,
 * "Bidirectional Text Spoofing"), a byte order mark, and halves of surrogate pairs.
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

/** A text from outside as one line for people: what would be obeyed is shown instead ("\x1b", "\u202e"). */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** What our own output may hold: its line breaks, colours, and the few moves of the cursor that the demo needs. */
const own = /\n|\u{1b}\[(?:\d{1,3}(?:;\d{1,3}){0,4}m|\?25[hl]|K|\d{1,3}A)/gu; // oxlint-disable-line no-control-regex

/**
 * The last look at what is written: anything but line breaks, and on a terminal our own sequences, is shown, not obeyed.
 * Each text from outside has passed `printable` before, since its line breaks cannot be told from ours here.
 */
export function printableOutput(text: string, isTerminal: boolean): string {
  if (!isTerminal) return text.split('\n').map(printable).join('\n');
  let shown = '';
  let end = 0;
  for (const { 0: sequence, index } of text.matchAll(own)) {
    shown += printable(text.slice(end, index)) + sequence;
    end = index + sequence.length;
  }
  return shown + printable(text.slice(end));
}

/** JSON as JSON.stringify makes it, with the same value, and nothing in it that a terminal would obey. */
export function printableJson(json: string): string {
  return json.replace(unprintable, (character) => (character === '\n' ? character : unicodeEscape(character)));
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
