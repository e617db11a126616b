import { compareText } from '../model/text.ts';

/** One mistake in a config, with its place and the fix. The machine-readable form of `check --json`. */
export type Problem = {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `pools[2].limits.min`; empty for the file as a whole. */
  readonly path: string;
  /** One sentence without a full stop: what is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
};

export type PathPart = string | number;
export type Path = readonly PathPart[];

/** ['pools', 2, 'limits'] → "pools[2].limits"; names that need it are quoted. */
export function renderPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/u.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** `lamplighter.yml:12:5 error pools[0].idle: message; fix` */
export function renderProblem(problem: Problem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  const what = problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`;
  return `${where} ${problem.severity} ${what}${problem.fix === '' ? '' : `; ${problem.fix}`}`;
}

/** In the order of the file, errors before warnings at one place, each once. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  const once = problems.filter((problem) => {
    const key = JSON.stringify(problem);
    return seen.has(key) ? false : seen.add(key);
  });
  return once.sort(
    (a, b) =>
      a.line - b.line ||
      a.column - b.column ||
      a.severity.localeCompare(b.severity) ||
      compareText(a.message, b.message),
  );
}
