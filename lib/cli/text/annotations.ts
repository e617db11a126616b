import { createHash } from 'node:crypto';
import { isAbsolute, relative, resolve } from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Problem } from '../../config/problem.ts';
import type { CliParts } from '../parts.ts';

export const annotationForms = ['github', 'gitlab', 'sarif'] as const;
export type AnnotationForm = (typeof annotationForms)[number];

/** What a merge request shows beside the lines of the config: in the form that its host reads. Ends with a line feed, or is empty. */
export function annotations(
  form: AnnotationForm,
  problems: readonly Problem[],
  { env }: Pick<CliParts, 'env'>,
): string {
  const root = env['GITHUB_WORKSPACE'] ?? env['CI_PROJECT_DIR'] ?? '.';
  const placed = problems.map((problem) => ({ ...problem, file: fromRoot(root, problem.file) }));
  if (form === 'github') return placed.map((problem) => `${githubLine(problem)}\n`).join('');
  return `${JSON.stringify(form === 'gitlab' ? gitlabReport(placed) : sarifLog(placed), undefined, 2)}\n`;
}

/** As the host knows the file: from the root of the repository. One outside of it stays as it is. */
function fromRoot(root: string, file: string): string {
  const path = relative(resolve(root), resolve(file));
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}

/**
 * A workflow command: docs.github.com/actions/reference/workflow-commands-for-github-actions. What would end it, or one of
 * its properties, is escaped as the toolkit of GitHub does: github.com/actions/toolkit, packages/core/src/command.ts
 */
function githubLine({ severity, file, line, column, path, ...said }: Problem): string {
  const properties = [
    ['file', file],
    ['line', String(line)],
    ['col', String(column)],
    ['title', path === '' ? 'lamplighter check' : path],
  ].map(([name, value = '']) => `${name}=${escapeData(value).replaceAll(':', '%3A').replaceAll(',', '%2C')}`);
  return `::${severity} ${properties.join(',')}::${escapeData(sentence({ path: '', ...said }))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** GitLab's Code Quality report: docs.gitlab.com/ci/testing/code_quality, "Code Quality report format". */
function gitlabReport(problems: readonly Problem[]): readonly object[] {
  const prints = fingerprints(problems);
  return problems.map((problem, index) => ({
    description: sentence(problem),
    check_name: 'lamplighter-check',
    fingerprint: prints[index],
    severity: problem.severity === 'error' ? 'critical' : 'minor',
    location: { path: problem.file, lines: { begin: problem.line } },
  }));
}

const rules = [
  { id: 'config-error', level: 'error', text: 'The config cannot be used as it is' },
  { id: 'config-warning', level: 'warning', text: 'The config can be used, and may not mean what it seems to' },
] as const;

/** SARIF 2.1.0: docs.oasis-open.org/sarif/sarif/v2.1.0; what code scanning takes: docs.github.com, "SARIF support for code scanning". */
function sarifLog(problems: readonly Problem[]): object {
  const prints = fingerprints(problems);
  const results = problems.map((problem, index) => ({
    ruleId: `config-${problem.severity}`,
    ruleIndex: rules.findIndex(({ level }) => level === problem.severity),
    level: problem.severity,
    message: { text: sentence(problem) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(problem.file) },
          region: { startLine: problem.line, startColumn: problem.column },
        },
      },
    ],
    partialFingerprints: { 'lamplighterCheck/v1': prints[index] },
  }));
  const { name, version, homepage: informationUri } = packageJson as typeof packageJson & { homepage?: string };
  const driver = {
    name,
    version,
    ...(informationUri === undefined ? {} : { informationUri }),
    rules: rules.map(({ id, level, text }) => {
      return { id, shortDescription: { text }, defaultConfiguration: { level } };
    }),
  };
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  };
}

/** A relative reference: what is no letter of one is percent-encoded (RFC 3986). */
function uriOf(file: string): string {
  return file.split('/').map(encodeURIComponent).join('/');
}

/** The same for a mistake that only moved to another line; each once, also where two are alike. */
function fingerprints(problems: readonly Problem[]): readonly string[] {
  const times = new Map<string, number>();
  return problems.map(({ file, severity, path, message }) => {
    const what = [file, severity, path, message].join('\n');
    const nth = (times.get(what) ?? 0) + 1;
    times.set(what, nth);
    return createHash('sha256').update(`${what}\n${nth}`).digest('hex').slice(0, 32);
  });
}

function sentence({ path, message, fix }: Pick<Problem, 'path' | 'message' | 'fix'>): string {
  const what = path === '' ? message : `${path}: ${message}`;
  return fix === '' ? what : `${what}; ${fix}`;
}
