import { findPastedSecrets, redact } from './pasted-secrets.ts';
import { type Path, type Problem, renderPath } from './problem.ts';
import type { Position, YamlSource } from './yaml-source.ts';

/** Collects problems. All texts are redacted, so a pasted secret is never shown. */
export type Report = {
  readonly error: (path: Path, message: string, fix: string) => void;
  readonly warning: (path: Path, message: string, fix: string) => void;
  /** A name that users choose, at the key that holds it. */
  readonly badName: (path: Path, message: string, fix: string) => void;
  /** At the key itself rather than at its value. */
  readonly unknownKey: (path: Path, message: string, fix: string, meant: string | undefined) => void;
  /** A key that should be there. Silent when it is there misspelt, or with a value already complained about. */
  readonly missing: (path: Path, key: string, message: string, fix: string) => void;
  /** Somewhere that has no path. */
  readonly place: (position: Position, message: string, fix: string, severity?: Problem['severity']) => void;
  readonly file: (message: string, fix: string) => void;
  /** This path already has a problem. */
  readonly isTold: (path: Path) => boolean;
  /** The same of something below it. */
  readonly isToldBelow: (path: Path) => boolean;
  readonly hasErrors: () => boolean;
  readonly problems: () => readonly Problem[];
};

export function makeReport(file: string, source: Pick<YamlSource, 'atKey' | 'atValue' | 'value'>): Report {
  const problems: Problem[] = [];
  const told = new Set<string>();
  const add = (severity: Problem['severity'], position: Position, path: Path, message: string, fix: string): void => {
    problems.push(problemAt(file, severity, position, path, message, fix));
  };
  const top: Position = { line: 1, column: 1 };
  const error: Report['error'] = (path, message, fix) => {
    told.add(renderPath(path));
    // A pasted secret is the only problem reported there; a message about its form could show a part of it.
    if (!holdsPastedSecret(valueAt(source.value, path))) add('error', source.atValue(path), path, message, fix);
  };
  return {
    error,
    warning: (path, message, fix) => add('warning', source.atValue(path), path, message, fix),
    badName: (path, message, fix) => {
      told.add(renderPath(path));
      add('error', source.atKey(path), path, message, fix);
    },
    unknownKey: (path, message, fix, meant) => {
      if (meant !== undefined) told.add(renderPath([...path.slice(0, -1), meant]));
      add('error', source.atKey(path), path, message, fix);
    },
    missing: (path, key, message, fix) => {
      if (told.has(renderPath([...path, key]))) return;
      told.add(renderPath([...path, key]));
      add('error', source.atValue(path), path, message, fix);
    },
    place: (position, message, fix, severity = 'error') => add(severity, position, [], message, fix),
    file: (message, fix) => add('error', top, [], message, fix),
    isTold: (path) => told.has(renderPath(path)),
    isToldBelow: (path) => [...told].some((one) => ['.', '['].some((next) => one.startsWith(renderPath(path) + next))),
    hasErrors: () => problems.some((problem) => problem.severity === 'error'),
    problems: () => problems,
  };
}

function problemAt(
  file: string,
  severity: Problem['severity'],
  { line, column }: Position,
  path: Path,
  message: string,
  fix: string,
): Problem {
  const [where, what, how] = [redact(renderPath(path)), redact(message), redact(fix)];
  return { severity, file, line, column, path: where, message: what, fix: how };
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined;
  }
  return value;
}

function holdsPastedSecret(value: unknown): boolean {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.some((text) => typeof text === 'string' && findPastedSecrets(text).length > 0);
}

/** In which of the files a place stands, and how it is called there. */
type Locate = (path: Path) => { readonly part: number; readonly path: Path };

/**
 * The reports of several files as one: what is said of a place goes to the report of the file it stands in, in that file's
 * own words for the place. What has no place is said of the first file.
 */
export function joinReports(reports: readonly Report[], locate: Locate): Report {
  const [first] = reports as readonly [Report];
  const at = (path: Path): readonly [Report, Path] => {
    const found = locate(path);
    return [reports[found.part] ?? first, found.path];
  };
  const passOn =
    (how: 'error' | 'warning' | 'badName'): Report['error'] =>
    (path, message, fix) => {
      const [report, own] = at(path);
      report[how](own, message, fix);
    };
  const askFor =
    (what: 'isTold' | 'isToldBelow'): Report['isTold'] =>
    (path) => {
      const [report, own] = at(path);
      return report[what](own);
    };
  return {
    error: passOn('error'),
    warning: passOn('warning'),
    badName: passOn('badName'),
    unknownKey: (path, message, fix, meant) => {
      const [report, own] = at(path);
      report.unknownKey(own, message, fix, meant);
    },
    missing: (path, key, message, fix) => {
      const [report, own] = at(path);
      report.missing(own, key, message, fix);
    },
    place: first.place,
    file: first.file,
    isTold: askFor('isTold'),
    isToldBelow: askFor('isToldBelow'),
    hasErrors: () => reports.some((report) => report.hasErrors()),
    problems: () => reports.flatMap((report) => report.problems()),
  };
}
