/** A line as it is typed in bash, up to the cursor. */
export type TypedLine = {
  /** Its words as the shell would understand them, without the command itself; the last one is being written. */
  readonly words: readonly string[];
  /** What bash puts in the place of the piece that it takes for the word: quoted as the line is, without what stands before. */
  readonly insert: (value: string) => string;
};

type Word = {
  readonly text: string;
  /** The quote that is open at its end. */
  readonly quote: '"' | "'" | '';
  /** How much of the text stands before the piece that bash completes: behind its last break, or behind an open quote. */
  readonly before: number;
  readonly isBegun: boolean;
};

const noWord: Word = { text: '', quote: '', before: 0, isBegun: false };

/** `breaks`: COMP_WORDBREAKS. bash completes only what stands behind the last of them, and takes quotes as they are typed. */
export function readTypedLine(line: string, breaks: string): TypedLine {
  const done: Word[] = [];
  let word = noWord;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    const next = line.charAt(at + 1);
    const isEscape =
      character === '\\' && next !== '' && (word.quote === '' || (word.quote === '"' && /["\\$`]/u.test(next)));
    if (isEscape) {
      word = longer(word, next);
      at += 1;
    } else if (word.quote === '' && /\s/u.test(character)) {
      if (word.isBegun) done.push(word);
      word = noWord;
    } else word = readCharacter(word, character, breaks);
  }
  const words = [...done, word].map(({ text }) => text);
  const command = words.findIndex((text) => !/^\w+=/u.test(text));
  return { words: words.slice(command + 1), insert: (value) => quoted(value.slice(word.before), word.quote) };
}

function readCharacter(word: Word, character: string, breaks: string): Word {
  if (character === word.quote) return { ...word, quote: '' };
  if (word.quote === '' && (character === '"' || character === "'"))
    return { ...word, quote: character, before: word.text.length, isBegun: true };
  const isBreak = word.quote === '' && breaks.includes(character);
  const read = longer(word, character);
  return isBreak ? { ...read, before: read.text.length } : read;
}

function longer(word: Word, more: string): Word {
  return { ...word, text: word.text + more, isBegun: true };
}

function quoted(text: string, quote: Word['quote']): string {
  if (quote === "'") return text.replaceAll("'", `'\\''`);
  if (quote === '"') return text.replaceAll(/["\\$`]/gu, '\\$&');
  return text.replaceAll(/[^\w@%+=:,./~\-\u{80}-\u{10ffff}]/gu, '\\$&');
}
