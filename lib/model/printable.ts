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

/**
 * What a person does not see, or takes for a space, in a name that was pasted: the above without line breaks and tabs, what
 * Unicode calls ignorable (joiners, selectors, fillers, tags), and spaces that are no space (U+00A0, U+3000).
 */
const unseenInName =
  /(?![\t\n\r ])[\p{Cc}\p{Zl}\p{Zp}\p{Zs}\p{Cs}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB\u2800]/gu;
/** Free text may have what emoji and scripts need. */
const unseenInText = new RegExp(`(?![\\t\\n\\r])${unprintable.source}`, 'gu');

/** The first character that nobody sees, as it is shown ("\\u200b"), and where it stands; `what`: where it was written. */
export function findUnseen(
  written: string,
  what: 'name' | 'text',
): { readonly character: string; readonly shown: string } | undefined {
  const [found] = written.match(what === 'name' ? unseenInName : unseenInText) ?? [];
  return found === undefined ? undefined : { character: found, shown: shownUnseen(found) };
}

/** The same text with each character that nobody sees shown. */
export function withUnseenShown(written: string): string {
  return written.replace(unseenInName, shownUnseen);
}

function shownUnseen(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : escaped(character);
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
