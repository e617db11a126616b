import { type CompileOptions, type ConfigOutcome, compileConfig } from '../../lib/config/compile-config.ts';
import type { Problem } from '../../lib/config/problem.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';

/** 2026-11-23T12:00Z, a Monday. */
export const now = Date.UTC(2026, 10, 23, 12);

export function compileText(text: string, options: Partial<CompileOptions> = {}): Promise<ConfigOutcome> {
  return compileConfig(text, { file: 'lamplighter.yml', now, readFile: noFiles, ...options });
}

function noFiles(): Promise<string> {
  return Promise.reject(new Error('there is no such file'));
}

/** The config of a text that must compile. */
export async function compiled(text: string, options: Partial<CompileOptions> = {}): Promise<CompiledConfig> {
  const outcome = await compileText(text, options);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems, undefined, 1));
  return outcome.config;
}

export async function problemsOf(text: string, options: Partial<CompileOptions> = {}): Promise<readonly Problem[]> {
  return (await compileText(text, options)).problems;
}

/** The least that every config needs; more keys follow below it. Seven lines. */
export const head = `timezone: Europe/Berlin
regions:
  r1: { api: eumetsat-r1, token: { env: TOKEN } }
schedules:
  office:
    windows: [{ days: mon-fri, from: "07:00", to: "19:00" }]
    otherwise: idle
`;
