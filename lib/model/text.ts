import type { CompiledConfig } from './config.ts';

/** "1 pool", "2 pools". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** "12,345": rounded, as people read it, the same on every machine. */
export function wholeNumber(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

type InUse = Pick<CompiledConfig, 'file'>;

/** A command to type here, with `--config` if the config is not the default one. */
export function commandHint(config: InUse, command: string): string {
  return `lamplighter ${command}${optionOf(config)}`;
}

/** Does the same for a sentence that ends with a command, such as a fix; other sentences stay unchanged. */
export function withConfig(config: InUse, sentence: string): string {
  return /: lamplighter [^,;]{1,600}$/u.test(sentence) ? `${sentence}${optionOf(config)}` : sentence;
}

const usual = ['./lamplighter.yml', 'lamplighter.yml'];

function optionOf({ file }: InUse): string {
  if (usual.includes(file)) return '';
  return ` --config ${/^[\w./-]+$/u.test(file) ? file : JSON.stringify(file)}`;
}

/** "a, b, c and 4 more". */
export function listed(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** By code units: the same order on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * FNV-1a, 32 bits, over UTF-16 units: the same number for a text on every machine. It spreads values, and protects no
 * secret.
 */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** A given reason, in brackets. */
export function because(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${reason})`;
}

/** Marks a text that was cut. */
export const cutMark = '… (cut)';

/** At most `length` characters (UTF-16 units), the mark included, never half of a pair. */
export function clip(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text
        .slice(0, Math.max(0, length - cutMark.length))
        .toWellFormed()
        .replace(/\uFFFD$/u, '')}${cutMark}`;
}
