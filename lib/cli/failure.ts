import { CommanderError } from 'commander';
import { hideLogins, redact } from '../config/pasted-secrets.ts';
import { CommandError, SecretError, StoreError, UsageError } from '../errors.ts';
import { suggest } from '../model/did-you-mean.ts';
import { printable } from '../model/printable.ts';
import { cutMark } from '../model/text.ts';

export type Failure = { readonly exitCode: 1 | 2; readonly message: string };

/**
 * What a command failed with, as people should read it: a sentence that begins with a capital (or with a name, an option,
 * a place in a file), says what to do after a colon or semicolon, and has no full stop. Our own errors say it themselves;
 * of a foreign one only its kind is shown: its text and stack may hold anything. A secret that was typed is not repeated.
 */
export function describeFailure(error: unknown, help = 'lamplighter --help'): Failure {
  if (error instanceof CommanderError) return { exitCode: 2, message: redact(usageText(error.message, help)) };
  if (error instanceof UsageError) return { exitCode: 2, message: hideLogins(error.message) };
  if (error instanceof SecretError) return { exitCode: 1, message: secretText(error) };
  if (error instanceof CommandError || error instanceof StoreError)
    return { exitCode: 1, message: hideLogins(error.message) };
  const kind = error instanceof Error ? error.name : typeof error;
  const code = codeOf(error);
  if (code !== undefined && fullDisk.has(code))
    return { exitCode: 1, message: `The disk is full (${code}): free some space, then run the command again` };
  return {
    exitCode: 1,
    message: `An unexpected error ended the command: ${kind}${code === undefined ? '' : ` (${code})`}; please report it with the command you ran`,
  };
}

/** A message that repeats what was typed stays readable: without its line breaks, and of a long word only the beginning. */
export function repeatedShortly(message: string, argv: readonly string[]): string {
  const typed = argv.flatMap((word) => [word, word.slice(word.indexOf('=') + 1), ...word.split(/[/:]/u)]);
  const odd = typed.filter((word) => word !== '' && shortly(word) !== word).toSorted((a, b) => b.length - a.length);
  return odd.reduce((text, word) => text.replaceAll(word, () => shortly(word)), message);
}

const longestTyped = 200;

function shortly(word: string): string {
  return printable(word.length > longestTyped ? `${word.slice(0, longestTyped)}${cutMark}` : word);
}

/** Commander's own complaints ("error: unknown option '--jsn'\n(Did you mean --json?)") in the same form. */
function usageText(text: string, help: string): string {
  const plain = text.replace(/^error: /u, '').replace(/\.$/u, '');
  const [, what = plain, meant] = /^([^]*)\n\(Did you mean ([^\n]{1,200})\?\)$/u.exec(plain) ?? [];
  if (meant !== undefined) return `${capitalised(what)}: did you mean ${meant}?`;
  const [, value, argument, choices] =
    /^command-argument value '([^]*)' is invalid for argument '([^']*)'\. Allowed choices are (.*)$/u.exec(plain) ?? [];
  if (value !== undefined && choices !== undefined)
    return `Unknown ${argument} "${value}": ${suggest(value, choices.split(', '))}`;
  const invalid = ' is invalid. ';
  const at = plain.lastIndexOf(invalid);
  if (at === -1) return `${capitalised(plain)}; see: ${help}`;
  const why = plain.slice(at + invalid.length);
  return capitalised(`${plain.slice(0, at)} is invalid: ${why.replace(/^Allowed/u, 'allowed')}`);
}

/** A secret's reference ("env MKS_TOKEN") begins its messages; in a log it stands in a field of its own. */
function secretText({ message, reference }: SecretError): string {
  return message.startsWith(reference) ? `The secret ${message}` : message;
}

/** The first letter as a sentence begins with. */
export function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** No space left, or none left of what this user may have. */
export const fullDisk: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** The system's own short names of errors: EACCES, EADDRINUSE. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code) ? code : undefined;
}
