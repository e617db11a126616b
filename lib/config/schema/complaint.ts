import type { BaseIssue } from 'valibot';
import * as v from 'valibot';
import { suggest } from '../../model/did-you-mean.ts';

/** A schema's message contains both the problem and the fix, on two lines. */
export function complaint(message: string, fix: string): string {
  return `${message}\n${fix}`;
}

/** The other way round. */
export function splitComplaint(text: string): { readonly message: string; readonly fix: string } {
  const [message = '', ...fix] = text.split('\n');
  return { message, fix: fix.join(' ') };
}

/** "expected X, got a list": the value itself is never shown, since it may be a secret. */
export function expected(what: string, fix: string): (issue: BaseIssue<unknown>) => string {
  return (issue) => complaint(`expected ${what}, got ${kindOf(issue.input)}`, fixFor(issue.input, what, fix));
}

function fixFor(input: unknown, what: string, fix: string): string {
  if (what.includes('whole number') && typeof input === 'string' && /^\d+$/u.test(input))
    return 'write it without quotes';
  if (what === 'true or false' && typeof input === 'string')
    return `${habit(input)}write true or false, without quotes`;
  return fix;
}

/** YAML 1.1 took these words for booleans; YAML 1.2 does not. */
function habit(input: string): string {
  return /^(?:yes|no|on|off|y|n)$/iu.test(input) ? `in YAML 1.2 "${input}" is text: ` : '';
}

/** `"x" is not one of …`, with the nearest of them. */
export function notOneOf(what: string, options: readonly string[]): (issue: BaseIssue<unknown>) => string {
  return (issue) => {
    const { input } = issue;
    if (typeof input !== 'string')
      return complaint(`expected ${what}, got ${kindOf(input)}`, `use one of: ${options.join(', ')}`);
    return complaint(`"${input}" is not ${what}`, suggest(input, options));
  };
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? 'true or false' : 'a map of keys';
}

/** What the reference says about a key: its meaning, its type in words, and its default where it has one. */
export type KeyFacts = {
  readonly says: string;
  readonly type?: string;
  /** What one could as well write. */
  readonly default?: string | number | boolean;
  /** What its absence means, where that is no value one could write. */
  readonly absent?: string;
};

/** A key that must be there. The facts end in docs/config.md and in the JSON Schema. */
export function need<const S extends v.GenericSchema>(schema: S, facts: KeyFacts) {
  return v.pipe(schema, v.metadata(toMetadata(facts)));
}

/** A key that may be left out. */
export function may<const S extends v.GenericSchema>(schema: S, facts: KeyFacts) {
  return v.exactOptional(v.pipe(schema, v.metadata(toMetadata(facts))));
}

function toMetadata(facts: KeyFacts): Record<string, string | number | boolean> {
  return {
    description: facts.says,
    ...(facts.type === undefined ? {} : { title: facts.type }),
    ...(facts.default === undefined ? {} : { default: facts.default }),
    ...(facts.absent === undefined ? {} : { absent: facts.absent }),
  };
}
