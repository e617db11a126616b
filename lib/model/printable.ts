/**
 * Characters from outside that must not reach a terminal or log: control characters (C0, DEL, and C1 with U+009B, which
 * is ESC [ in one), line and paragraph separators, bidirectional marks (Unicode Technical Report 36, "Bidirectional
 * Text Spoofing"), a byte order mark, lone surrogates, and what nobody sees in a name that was pasted (soft hyphen, zero
 * width space, word joiner; not the joiners of emoji and Persian).
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/gu;

/** Text from outside as one line for people: control sequences are shown instead of executed ("\x1b", "\u202e"). */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** What our own output may contain: line breaks, colours, and the few cursor moves of the demo. */
const own = /\n|\u{1b}\[(?:\d{1,3}(?:;\d{1,3}){0,4}m|\?25[hl]|K|\d{1,3}A)/gu; // oxlint-disable-line no-control-regex

/**
 * The last filter before output: everything except line breaks and, on a terminal, our own sequences is shown instead
 * of executed. Text from outside has passed `printable` before, since its line breaks cannot be told from ours here.
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

/** JSON as from JSON.stringify, with the same value, but safe for a terminal. */
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
