/**
 * Matches the few forms of regular expressions used by matches (literals, classes, `*`, `?`, choices) in time linear in
 * the text: it follows all alternatives at once and never backtracks (Thompson's construction, as Pike's machine:
 * swtch.com/~rsc/regexp/regexp2.html). JavaScript's own engine needs minutes for `*a*a*a*c` on a long name.
 */
export type LinearPattern = (text: string) => boolean;

type Step =
  | { readonly kind: 'character'; readonly is: (character: string) => boolean }
  | { readonly kind: 'assert'; readonly holds: (at: number, characters: readonly string[]) => boolean }
  | { readonly kind: 'split'; ways: number[] }
  | { readonly kind: 'end' };

/** The pattern for a source that matches a whole text; undefined = the source uses other forms. */
export function linearPattern(source: string): LinearPattern | undefined {
  const reader: Reader = { source, at: 0, program: [] };
  if (!readChoice(reader) || reader.at < source.length) return undefined;
  reader.program.push({ kind: 'end' });
  return (text) => run(reader.program, Array.from(text));
}

/** With several of them there are many ways to match; with one there are not. */
export function hasSeveralRuns(source: string): boolean {
  // oxlint-disable-next-line regexp/no-super-linear-move -- a match has 4,000 characters at most
  return (source.replace(/\\.|\[(?:\\.|[^\]\\])*\]/gsu, 'x').match(/[*+]/g) ?? []).length > 1;
}

type Reader = { readonly source: string; at: number; readonly program: Step[] };

function run(program: readonly Step[], characters: readonly string[]): boolean {
  let now = follow(program, [0], 0, characters);
  for (const [at, character] of characters.entries()) {
    const next = [...now].flatMap((index) => {
      const step = program[index];
      return step?.kind === 'character' && step.is(character) ? [index + 1] : [];
    });
    if (next.length === 0) return false;
    now = follow(program, next, at + 1, characters);
  }
  return now.has(program.length - 1);
}

/** Every step that can be reached without taking a character. */
function follow(
  program: readonly Step[],
  from: readonly number[],
  at: number,
  characters: readonly string[],
): ReadonlySet<number> {
  const reached = new Set<number>();
  const waiting = [...from];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    const step = program[index];
    if (step?.kind === 'split') waiting.push(...step.ways);
    if (step?.kind === 'assert' && step.holds(at, characters)) waiting.push(index + 1);
  }
  return reached;
}

/** "a|b": all alternatives end at the same state. */
function readChoice(reader: Reader): boolean {
  const { program } = reader;
  const entry: Step = { kind: 'split', ways: [] };
  program.push(entry);
  const ends: Extract<Step, { kind: 'split' }>[] = [];
  for (;;) {
    entry.ways.push(program.length);
    if (!readSequence(reader)) return false;
    const end: Step = { kind: 'split', ways: [] };
    program.push(end);
    ends.push(end);
    if (reader.source[reader.at] !== '|') break;
    reader.at += 1;
  }
  for (const end of ends) end.ways.push(program.length);
  return true;
}

function readSequence(reader: Reader): boolean {
  while (reader.at < reader.source.length && !'|)'.includes(reader.source.charAt(reader.at))) {
    const start = reader.program.length;
    if (!readPiece(reader) || !readRepetition(reader, start)) return false;
  }
  return true;
}

function readPiece(reader: Reader): boolean {
  const { source, program } = reader;
  const rest = source.slice(reader.at, reader.at + 4);
  if (rest.startsWith('^') || rest.startsWith('$')) {
    const isStart = rest.startsWith('^');
    program.push({ kind: 'assert', holds: (at, { length }) => at === (isStart ? 0 : length) });
    reader.at += 1;
    return true;
  }
  if (source.startsWith('(?=.)', reader.at)) {
    program.push({ kind: 'assert', holds: (at, characters) => /^.$/u.test(characters[at] ?? '') });
    reader.at += 5;
    return true;
  }
  return rest.startsWith('(') ? readGroup(reader, rest) : readCharacter(reader);
}

function readGroup(reader: Reader, rest: string): boolean {
  const isPlain = !rest.startsWith('(?');
  if (!isPlain && !rest.startsWith('(?:')) return false;
  reader.at += isPlain ? 1 : 3;
  if (!readChoice(reader) || reader.source[reader.at] !== ')') return false;
  reader.at += 1;
  return true;
}

/** A class, an escape, or a literal character. */
const one = /\[(?:\\[^]|[^\]\\])*\]|\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\[^]|[^*+?{}()|[\]\\^$]/iuy;

function readCharacter(reader: Reader): boolean {
  one.lastIndex = reader.at;
  const found = one.exec(reader.source)?.[0];
  if (found === undefined) return false;
  const pattern = new RegExp(`^(?:${found})$`, 'u');
  const isLiteral = !/^[\\[.]/u.test(found);
  reader.program.push({
    kind: 'character',
    is: isLiteral ? (character) => character === found : (character) => pattern.test(character),
  });
  reader.at += found.length;
  return true;
}

/** `*`, `+` and `?` of the piece that begins at `start`; whether they are greedy makes no difference to a yes or no. */
function readRepetition(reader: Reader, start: number): boolean {
  const { source, program } = reader;
  const sign = source.charAt(reader.at);
  if (sign === '{') return false;
  if (sign === '' || !'*+?'.includes(sign)) return true;
  reader.at += source[reader.at + 1] === '?' ? 2 : 1;
  if (sign === '+') {
    program.push({ kind: 'split', ways: [start, program.length + 1] });
    return true;
  }
  const entry: Step = { kind: 'split', ways: [start + 1] };
  program.splice(start, 0, entry);
  for (const step of program.slice(start + 1)) {
    if (step.kind === 'split') step.ways = step.ways.map((way) => (way >= start ? way + 1 : way));
  }
  if (sign === '*') program.push({ kind: 'split', ways: [start] });
  entry.ways.push(program.length);
  return true;
}
