import { type Alias, isAlias, isPair, isScalar, type Scalar, visit, type YAMLError } from 'yaml';
import { findUnseen, withUnseenShown } from '../model/printable.ts';
import { makeReport, type Report } from './collect-problems.ts';
import { findPastedSecrets } from './pasted-secrets.ts';
import { type SalvagedConfig, validate } from './validate.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/** One file of a config: its content, and its problems so far. */
export type ConfigFile = {
  /** Its path as shown to people. */
  readonly file: string;
  readonly text: string;
  readonly source: YamlSource;
  readonly report: Report;
  /** Without what was wrong; undefined where the text cannot be read as YAML. */
  readonly input: SalvagedConfig | undefined;
};

/** Reads the text of one file; undefined where it is nested so deep that no parser can. `part`: what kind of file it is. */
export function readConfigFile(text: string, file: string, part: 'main' | 'included'): ConfigFile | undefined {
  const source = tryToRead(text);
  if (source === undefined) return undefined;
  const report = makeReport(file, source);
  reportYamlProblems(text, source, report);
  reportPastedSecrets(text, source, report);
  return {
    file,
    text,
    source,
    report,
    input: source.value === undefined ? undefined : validate(source.value, report, part),
  };
}

/** A text that is nested thousands of levels deep ends the parser by its stack; nobody means it. */
function tryToRead(text: string): YamlSource | undefined {
  try {
    return readYaml(text);
  } catch {
    return undefined;
  }
}

function reportPastedSecrets(text: string, source: YamlSource, report: Report): void {
  for (const { what, offset } of findPastedSecrets(text)) {
    report.place(
      source.atOffset(offset),
      `this looks like ${what}, and a config must not contain secrets`,
      'keep it elsewhere and name the place: { awsSecret: name }, { env: NAME }, { file: path } or { command: [program] }; revoke the pasted one: whoever reads this file knows it',
    );
  }
}

/** What YAML itself forbids, and what YAML 1.1 read differently: said here, because a reader of 1.1 would be surprised. */
function reportYamlProblems(text: string, source: YamlSource, report: Report): void {
  reportErrors(source, report);
  reportOldVersion(source, report);
  const hasLooseAlias = reportPlaces(text, source, report);
  if (source.unreadable !== undefined && !hasLooseAlias)
    report.file(`this YAML cannot be used: ${source.unreadable}`, 'write it out without aliases');
}

function reportErrors(source: YamlSource, report: Report): void {
  for (const error of withoutEchoes(source.document.errors)) {
    const position = source.atOffset(error.pos[0]);
    if (error.code === 'DUPLICATE_KEY') report.place(position, 'this key is there twice', 'keep one of them');
    else if (error.code === 'MULTIPLE_DOCS')
      report.place(position, 'a second YAML document begins here', 'keep one per file: remove the second "---"');
    else report.place(position, `not valid YAML: ${sentence(error.message)}`, fixFor(error.code));
  }
  for (const warning of source.document.warnings) {
    report.place(source.atOffset(warning.pos[0]), `not understood: ${sentence(warning.message)}`, 'remove it');
  }
}

/** Where a text is broken off in a key, the parser calls each further word of the file unexpected: the first one says it. */
function withoutEchoes(errors: readonly YAMLError[]): readonly YAMLError[] {
  const isEcho = ({ message }: YAMLError) => message.endsWith('token in YAML stream');
  const first = errors.findIndex(isEcho);
  return errors.filter((error, index) => index <= first || !isEcho(error));
}

/** The parser's own words, without the piece of source that some of them quote. */
function sentence(message: string): string {
  const line = message.split('\n')[0] ?? '';
  const quote = line.search(/["'`]/u);
  return line.slice(0, quote === -1 ? line.length : quote).replace(/(?<![.:\s])[.:\s]+$/u, '');
}

function fixFor(code: string): string {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  if (code === 'BAD_ALIAS') return 'quote text that begins with * ("*/workers")';
  return 'look at the indentation, quotes and brackets around this place';
}

function reportOldVersion(source: YamlSource, report: Report): void {
  const { version, explicit } = source.document.directives.yaml;
  if (explicit === true && version !== '1.2') {
    report.place(
      { line: 1, column: 1 },
      `the file says it is YAML ${version}, in which on, yes and 22:00 are not text`,
      'remove the %YAML line: a config is YAML 1.2',
    );
  }
}

/** One way through the whole text for all that is told of single places. True: an alias names nothing. */
function reportPlaces(text: string, source: YamlSource, report: Report): boolean {
  let found = false;
  const unseen: Unseen[] = [];
  visit(source.document, (_, node, above) => {
    if (isPair(node)) reportNumberAsName(node.key, source, report);
    else if (isScalar(node)) {
      reportOctal(node, source, report);
      const one = findUnseenIn(node, text, isFreeText(node, above));
      if (one !== undefined && unseen.length < mostUnseen) unseen.push(one);
    } else if (isAlias(node) && node.resolve(source.document) === undefined) {
      found = true;
      reportLooseAlias(node, source, report);
    }
  });
  for (const one of unseen) reportUnseen(one, source, report);
  return found;
}

type Unseen = { readonly offset: number; readonly shown: string; readonly written: string | undefined };

/** A file that has more of them has them everywhere. */
const mostUnseen = 50;
const mostShown = 120;

/** What people write for people; all else is compared, or is a name. */
function isFreeText(node: Scalar, above: readonly unknown[]): boolean {
  const pair = above.findLast(isPair);
  return pair !== undefined && pair.key !== node && isScalar(pair.key) && pair.key.value === 'reason';
}

/** Written as an escape, it is told where the value begins. */
function findUnseenIn({ value, range }: Scalar, text: string, isFree: boolean): Unseen | undefined {
  if (typeof value !== 'string') return undefined;
  const found = findUnseen(value, isFree ? 'text' : 'name');
  if (found === undefined) return undefined;
  const [start = 0, end = 0] = range ?? [];
  const at = text.slice(start, end).indexOf(found.character);
  const isSecret = findPastedSecrets(value.replaceAll(found.character, '')).length > 0;
  const written = isSecret || value.length > mostShown ? undefined : withUnseenShown(value);
  return { offset: start + Math.max(0, at), shown: found.shown, written };
}

/** "prod" and "prod" with a zero width space are the same to a person, and never to a match. */
function reportUnseen({ offset, shown, written }: Unseen, source: YamlSource, report: Report): void {
  report.place(
    source.atOffset(offset),
    `a character that nobody sees, ${shown}, stands ${written === undefined ? 'here' : `in "${written}"`}`,
    'type it anew, without it',
    'warning',
  );
}

function reportOctal(node: Scalar, source: YamlSource, report: Report): void {
  if (typeof node.value !== 'number' || !/^[-+]?0\d/u.test(node.source ?? '')) return;
  report.place(
    source.atOffset(node.range?.[0] ?? 0),
    'a number with a leading zero: YAML 1.1 read it as octal, YAML 1.2 reads it as decimal',
    'write it without the zero',
  );
}

/** `1.30:` is the number 1.3, and so the name "1.3". */
function reportNumberAsName(key: unknown, source: YamlSource, report: Report): void {
  if (!isScalar(key) || typeof key.value !== 'number' || String(key.value) === key.source) return;
  const message = `${key.source} is read as the number ${key.value}, but a name is needed here`;
  report.place(source.atOffset(key.range?.[0] ?? 0), message, `put it in quotes: "${key.source}"`);
}

/** A match that begins with a star and has no quotes is a YAML alias to nothing. */
function reportLooseAlias(node: Alias, source: YamlSource, report: Report): void {
  report.place(
    source.atOffset(node.range?.[0] ?? 0),
    'text that begins with * must be quoted, or it is an alias',
    'put it in quotes: "*/workers"',
  );
}
