import { type Command, Option } from 'commander';
import { type Problem, renderProblem } from '../../config/problem.ts';
import { loadConfig } from '../../config/read-config.ts';
import { UsageError } from '../../errors.ts';
import { counted } from '../../model/text.ts';
import { howNamed } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { type AnnotationForm, annotationForms, annotations } from '../text/annotations.ts';
import { makePaint } from '../text/paint.ts';
import { writeJson } from '../text/table.ts';

type CheckOptions = ConfigOption & JsonOption & { readonly format?: AnnotationForm };

export function addCheck(program: Command, parts: CliParts): void {
  const command = program
    .command('check')
    .description('Find all mistakes in the config at once, each with its line and how to fix it.')
    .addOption(
      new Option('--format <form>', 'print annotations for a merge request, in the format of its host').choices(
        annotationForms,
      ),
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: CheckOptions) => check(parts, options));
  examples(command, [
    ['lamplighter check', 'the config in this folder, with all that it includes'],
    ['lamplighter check --config prod.yml', 'another config'],
    ['lamplighter check --format gitlab > gl-code-quality-report.json', 'for a merge request (docs/merge-requests.md)'],
    ['lamplighter check --json', 'for editors and pipelines; exit code 2 when it is not ok'],
  ]);
}

/** Warnings are said and fail nothing. */
async function check(parts: CliParts, { config, json, format }: CheckOptions): Promise<void> {
  if (json && format) throw new UsageError('Give either --json or --format, not both');
  const { ok, files, problems } = await loadConfig(config, { now: parts.clock.now(), ...howNamed(parts, config) });
  if (!ok) parts.exitWith(2);
  if (json)
    writeJson(parts.stdout, {
      ok,
      ...(files.length > 1 && { files }),
      problems: problems.map(problemJson),
    });
  else if (format) parts.stdout.writeLines(annotations(format, problems, parts));
  else writeText(parts, files, ok, problems);
}

function problemJson({ severity, file, line, column, path, message, fix }: Problem): Problem {
  return { severity, file, line, column, path, message, fix };
}

function writeText(
  { stdout, env }: CliParts,
  [file = '', ...included]: readonly string[],
  ok: boolean,
  problems: readonly Problem[],
): void {
  const paint = makePaint(stdout, env);
  for (const problem of problems) {
    const colour = problem.severity === 'error' ? paint.red : paint.yellow;
    stdout.write(`${colour(renderProblem(problem))}\n`);
  }
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const found = [count(errors, 'error'), count(warnings, 'warning')].filter((text) => text !== '').join(', ');
  const name = `${file}${included.length === 0 ? '' : ` and ${count(included.length, 'included file')}`}`;
  stdout.write(ok ? `${paint.green('ok')}  ${name}${found === '' ? '' : ` (${found})`}\n` : `${found}\n`);
}

function count(n: number, noun: string): string {
  return n === 0 ? '' : counted(n, noun);
}
