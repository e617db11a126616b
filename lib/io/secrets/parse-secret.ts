import { SecretError } from '../../errors.ts';
import type { EpochMs } from '../../model/time.ts';
import { readInstant } from '../mks/instants.ts';
import { makeSecret, type Secret } from './secret.ts';

/** A secret's purpose; also its key in a JSON secret. */
export type SecretPurpose = 'token' | 'url' | 'key' | 'secret' | 'header' | 'password';

export type ParsedSecret = {
  readonly value: Secret;
  /** If the secret contains it: `{ "token": "…", "expires": "2027-03-01" }`. */
  readonly expires: EpochMs | undefined;
};

const longest = 8 * 1024;

/**
 * A secret is plain text (one newline at its end is ignored) or a JSON object with the purpose as its key. Anything
 * doubtful is refused; messages show its name and never its value.
 */
export function parseSecret(text: string, purpose: SecretPurpose, reference: string): ParsedSecret {
  refuseMarks(text, reference);
  const trimmed = text.replace(/\r?\n$/, '');
  if (!trimmed.trimStart().startsWith('{')) return { value: checked(trimmed, purpose, reference), expires: undefined };
  const object = parseObject(trimmed, reference);
  const value = object[purpose];
  if (typeof value !== 'string') throw bad(`is JSON without a text under "${purpose}"`, reference);
  return { value: checked(value, purpose, reference), expires: readExpires(object['expires'], reference) };
}

/** Editors on Windows put a byte order mark before the text, or save it in UTF-16, whose mark is no UTF-8 and whose Latin letters have a zero beside them. */
function refuseMarks(text: string, reference: string): void {
  if (text.startsWith('\uFEFF')) throw bad('begins with a byte order mark: save it as UTF-8 without one', reference);
  if (/^(?:\uFFFD\uFFFD|.?\0)/u.test(text)) throw bad('is in UTF-16: save it as UTF-8', reference);
  // What was no UTF-8 was read as this; a password with it would be refused by its server without a reason.
  if (text.includes('\uFFFD')) throw bad('is not UTF-8 (Latin-1?): save it as UTF-8', reference);
}

function parseObject(text: string, reference: string): { readonly [key: string]: unknown } {
  try {
    return JSON.parse(text) as { readonly [key: string]: unknown };
  } catch {
    throw bad('starts like JSON but is not valid JSON', reference);
  }
}

function checked(value: string, purpose: SecretPurpose, reference: string): Secret {
  if (value === '') throw bad('is empty', reference);
  if (value.length > longest) throw bad('is longer than 8 KiB', reference);
  if (/^["'`]|["'`]$/.test(value)) throw bad('is in quotes: store it without them', reference);
  const { pattern, problem } = shapes[purpose] ?? oneWord;
  const trimmed = value.trim();
  if (!pattern.test(trimmed)) throw bad(problem, reference);
  if (value !== trimmed) throw bad('has a blank or line break before or after it: store it without', reference);
  return makeSecret(value);
}

type Shape = { readonly pattern: RegExp; readonly problem: string };

const oneWord: Shape = { pattern: /^[\x21-\x7e]+$/, problem: 'contains a space, a line break or a special character' };
/** A header's value may contain spaces ("Bearer …"), a password any printable character. */
const shapes: { readonly [purpose in SecretPurpose]?: Shape } = {
  header: { pattern: /^[\x20-\x7e]+$/, problem: 'contains a line break or a character that headers cannot have' },
  password: { pattern: /^\P{Cc}+$/u, problem: 'contains a line break or a control character' },
};

function readExpires(value: unknown, reference: string): EpochMs | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const instant = typeof value === 'string' ? readInstant(value) : undefined;
  if (instant === undefined) throw bad('has an "expires" that is not a date such as 2027-03-01', reference);
  return instant;
}

function bad(problem: string, reference: string): SecretError {
  return new SecretError(`${reference} ${problem}`, reference);
}
