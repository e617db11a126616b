import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  YAMLParseError,
} from 'yaml';
import type { Path, PathPart } from './problem.ts';

export type Position = { readonly line: number; readonly column: number };

/** A YAML text with the position of everything in it. */
export type YamlSource = {
  readonly document: Document.Parsed;
  /** Plain JSON; undefined when the text cannot be read as such (the document's errors say why, or `unreadable`). */
  readonly value: unknown;
  readonly unreadable: string | undefined;
  readonly atOffset: (offset: number) => Position;
  /** Of the value, or of the nearest thing around it that exists. */
  readonly atValue: (path: Path) => Position;
  /** Of the last key of the path itself. */
  readonly atKey: (path: Path) => Position;
};

/** Reads YAML 1.2 (core schema): `22:00`, `on`, `no` and `2026-12-24` are text. Throws nothing. */
export function readYaml(text: string): YamlSource {
  const lines = countLines(text);
  const document = parseDocument(text, {
    prettyErrors: false,
    version: '1.2',
    schema: 'core',
    logLevel: 'error',
    // The parser compares each key with all before it: minutes, where a map has many.
    uniqueKeys: false,
  });
  addDuplicates(document);
  const last = lastPlace(text);
  const atOffset = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, last));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  return {
    document,
    ...toPlain(document),
    atOffset,
    atValue: (path) => atOffset(offsetOfValue(document, path)),
    atKey: (path) => atOffset(offsetOfKey(document, path)),
  };
}

/** In the order of the text, as the parser would say it. */
function addDuplicates(document: Document.Parsed): void {
  const twice: number[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) twice.push(startOf(key) ?? 0);
        seen.add(key.value);
      }
    },
  });
  if (twice.length === 0) return;
  twice.sort((a, b) => a - b);
  // An error keeps the stack of where it was made: hundreds of thousands took longer than the rest of the file.
  document.errors.push(...twice.slice(0, mostDuplicates).map(duplicate));
  document.errors.sort((a, b) => a.pos[0] - b.pos[0]);
}

/** The most problems shown. */
const mostDuplicates = 1000;

function duplicate(at: number): YAMLParseError {
  return new YAMLParseError([at, at + 1], 'DUPLICATE_KEY', 'Map keys must be unique');
}

/** Where each line begins. The parser's own count leaves a line out where a text is broken off in a key. */
export function countLines(text: string): LineCounter {
  const lines = new LineCounter();
  for (let start = 0, end = 0; end !== -1; start = end + 1) {
    lines.addNewLine(start);
    end = text.indexOf('\n', start);
  }
  return lines;
}

/**
 * Behind the last character that says something: what is never closed ends behind the last line feed, in a line that is
 * not there and that no editor or merge request can mark.
 */
function lastPlace(text: string): number {
  return text.trimEnd().length;
}

function toPlain(document: Document.Parsed): { readonly value: unknown; readonly unreadable: string | undefined } {
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY'))
    return { value: undefined, unreadable: undefined };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    JSON.stringify(value);
    return { value, unreadable: undefined };
  } catch {
    return { value: undefined, unreadable: 'its aliases refer to themselves, or expand to too much' };
  }
}

function offsetOfValue(document: Document, path: Path): number {
  let offset = startOf(document.contents) ?? 0;
  let node: Node | null = document.contents;
  for (const part of path) {
    const step = stepInto(document, node, part);
    if (step === undefined) return offset;
    node = step.value;
    offset = startOf(step.value) ?? startOf(step.key) ?? offset;
  }
  return offset;
}

function offsetOfKey(document: Document, path: Path): number {
  const parent = path.slice(0, -1);
  let node: Node | null = document.contents;
  for (const part of parent) node = stepInto(document, node, part)?.value ?? null;
  const last = path.at(-1);
  const key = last === undefined ? undefined : startOf(stepInto(document, node, last)?.key ?? null);
  return key ?? offsetOfValue(document, path);
}

type Step = { readonly key: Node | null; readonly value: Node | null };

function stepInto(document: Document, from: Node | null, part: PathPart): Step | undefined {
  const node = isAlias(from) ? (from.resolve(document) ?? null) : from;
  if (isSeq(node)) {
    const item = typeof part === 'number' ? node.items[part] : undefined;
    return isNode(item) ? { key: null, value: item } : undefined;
  }
  if (!isMap(node)) return undefined;
  // A duplicate key is reported by YAML itself; what counts everywhere else is the last one.
  const pair = node.items.findLast((item) => isScalar(item.key) && String(item.key.value) === String(part));
  if (pair === undefined) return undefined;
  return { key: isNode(pair.key) ? pair.key : null, value: isNode(pair.value) ? pair.value : null };
}

function startOf(node: Node | null): number | undefined {
  return node?.range?.[0];
}
