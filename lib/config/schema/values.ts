/** The kinds of values that keys have. Each refuses in words; what it cannot judge alone is judged by lib/config. */
import * as v from 'valibot';
import { durationPattern, suggestDuration } from '../duration.ts';
import { secretName } from './aws-names.ts';
import { complaint, expected, kindOf, may, need, notOneOf } from './complaint.ts';

export const mapFix = 'write its keys, one per line, or { key: value }';

export function text(what: string, fix = 'write it as text') {
  return v.pipe(v.string(expected(what, fix)), v.minLength(1, complaint(`expected ${what}, got empty text`, fix)));
}

export const flag = v.boolean(expected('true or false', 'write true or false'));

export function whole(atLeast = 0, atMost = 100_000) {
  const fix = `write a whole number from ${atLeast} to ${atMost}`;
  return v.pipe(
    v.number(expected('a whole number', fix)),
    v.integer(complaint('not a whole number', fix)),
    v.minValue(atLeast, complaint(`a number below ${atLeast}`, fix)),
    v.maxValue(atMost, complaint(`a number above ${atMost}`, fix)),
  );
}

/** A duration that is usually given in these units: they are what a bare number may mean. */
export function durationIn(...units: readonly ('d' | 'h' | 'm' | 's')[]) {
  return v.pipe(
    v.string(({ input }) =>
      complaint(
        `expected a duration, got ${kindOf(input)}`,
        typeof input === 'number'
          ? `say the unit: ${units.map((unit) => `${input}${unit}`).join(' or ')}`
          : 'write 30s, 5m, 2h, 3d or 1h30m',
      ),
    ),
    v.regex(durationPattern, (issue) => {
      const meant = suggestDuration(issue.input);
      return complaint(
        `"${issue.input}" is not a duration`,
        meant === undefined ? 'write 30s, 5m, 2h, 3d or 1h30m' : `write ${meant}`,
      );
    }),
  );
}

export const duration = durationIn('m', 's');

export function oneOf<const T extends readonly [string, ...string[]]>(what: string, options: T) {
  return v.picklist(options, notOneOf(what, options));
}

export function listOf<const S extends v.GenericSchema>(what: string, item: S) {
  return v.array(item, expected(`a list of ${what}`, 'write [a, b], or one per line after "- "'));
}

/** One of a kind, or a list of them. */
export function oneOrMany<const S extends v.GenericSchema>(what: string, item: S) {
  return v.union([item, listOf(what, item)], expected(`${what}, or a list of them`, 'write one, or [a, b]'));
}

const range = v.strictObject(
  {
    min: need(whole(), { says: 'The lower bound: the autoscaler keeps at least this many nodes.', type: 'number' }),
    max: need(whole(), { says: 'The upper bound: the autoscaler keeps at most this many nodes.', type: 'number' }),
  },
  expected('{ min, max }', 'write { min: 1, max: 3 }'),
);

const sizeFix = 'write a whole number, or { min: 1, max: 3 } for an autoscaled pool';

export const size = v.union([whole(), range], expected('a whole number or { min, max }', sizeFix));

export const base = v.union(
  [whole(), range, v.literal('remembered')],
  expected('a whole number, { min, max } or remembered', `${sizeFix}, or remembered`),
);

export const term = v.union(
  [v.picklist(['base', 'idle', 'leave']), whole(), range],
  expected(
    'base, idle, leave, a whole number or { min, max }',
    `write base or idle (the rule's own sizes), leave (nothing is wanted), or ${sizeFix}`,
  ),
);

const secretFix =
  'name where it is kept: { awsSecret: name }, { env: NAME }, { file: path } or { command: [program, argument] }; a value that was written here is no longer secret, replace it';

/** The source of a secret. Exactly one of the four; messages never show the given value. */
const variable = v.pipe(
  text('the name of an environment variable'),
  v.regex(
    /^[A-Za-z_][A-Za-z0-9_]*$/u,
    complaint('not the name of an environment variable', 'give the name, not the value'),
  ),
);

export const secret = v.strictObject(
  {
    awsSecret: may(secretName, { says: 'Its name in AWS Secrets Manager, not its ARN.', type: 'text' }),
    env: may(variable, { says: 'Name of an environment variable. Not in an AWS build.', type: 'text' }),
    file: may(text('a path'), {
      says: 'A file that contains it, such as a mounted container secret; relative to the config. Not in an AWS build.',
      type: 'path',
    }),
    command: may(listOf('program and arguments', text('a program or an argument')), {
      says: 'A program that prints it, and its arguments; no shell. It gets PATH, HOME and LANG of the environment, 10 seconds, and no input; processes that it leaves running are ended. Not in an AWS build.',
      type: 'list of text',
    }),
    environment: may(listOf('names of variables', variable), {
      says: 'command: more environment variables for the program, by name.',
      type: 'list of names',
      absent: 'PATH, HOME and LANG only',
    }),
    expires: may(text('a date'), {
      says: 'The day on which it ends (UTC), or a time with an offset; warnings begin 90 days before.',
      type: 'date',
    }),
  },
  expected('a reference to a secret', secretFix),
);

export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/u;

const name = v.pipe(
  v.string(),
  v.regex(namePattern, complaint('not a usable name', 'use letters, digits, ".", "_" and "-", 63 at most')),
);

/** A map from names that users choose. */
export function namesTo<const S extends v.GenericSchema>(what: string, value: S) {
  return v.record(name, value, expected(`a map from names to ${what}`, 'write "name:" and its keys below it'));
}

export const matchText = text(
  'a match such as "dev-*/*"',
  'write cluster/pool or region:cluster/pool, in quotes if it has a *',
);
