import { withoutRootDot } from '../model/address.ts';

/** What of an address is secret: a chat's webhook is written to by whoever knows its path. */
export type AddressParts = {
  /** Host and what follows it, as texts quote it; the host may be shown. */
  readonly places: readonly { readonly host: string; readonly rest: string }[];
  /** What is secret wherever it stands: passwords, signatures, and long random pieces of the path. */
  readonly bearers: readonly string[];
};

/** undefined = no address: the value is a secret as a whole. */
export function partsOfAddress(value: string): AddressParts | undefined {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  const bearers = [...segmentsOf(url).filter((segment) => !isOrdinary(segment)), ...credentialsOf(url)];
  const written = [value, url.href, withoutRootDot(url.href) ?? url.href];
  return { places: [...new Set(written)].map(placeIn).filter(({ rest }) => rest !== '/'), bearers };
}

/** "chat.example:8443/hooks/x" → "chat.example:8443/" and "hooks/x"; without what a log leaves off at its end. */
function placeIn(address: string): { readonly host: string; readonly rest: string } {
  const [scheme] = /^https?:\/\//i.exec(address) ?? [];
  const after = scheme === undefined ? '' : address.slice(scheme.length);
  const authority = /^[^/?#]*/.exec(after)?.[0] ?? '';
  const slash = after.startsWith('/', authority.length) ? '/' : '';
  const host = `${authority.slice(authority.lastIndexOf('@') + 1)}${slash}`;
  const rest = after.slice(authority.length + slash.length);
  return { host, rest: rest.replace(/\/$/, '') || '/' };
}

function segmentsOf({ pathname, search, hash }: URL): readonly string[] {
  const raw = `${pathname}${search}${hash}`.split(/[/?&=#]/);
  return [...new Set(raw.flatMap((segment) => [segment, decoded(segment)]))].filter((segment) => segment !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is named as a secret is one, even where it looks like a word. */
const secretNames =
  /^(?:sig|signature|token|key|secret|password|passwd|pass|pwd|auth|code|api[-_]?key|access[-_]?token)$/i;

function credentialsOf({ username, password, searchParams }: URL): readonly string[] {
  const named = [...searchParams].flatMap(([name, value]) => (secretNames.test(name) ? [value] : []));
  const user = isOrdinary(decoded(username)) ? [] : [decoded(username)];
  return [...user, decoded(password), ...named].filter((value) => value !== '');
}

/**
 * Words, version numbers, years and short names, as people write them into an address: "lamplighter", "prod-alerts",
 * "incomingWebhook", "v2", "k8s". What is generated mixes letters and digits, or is far longer than a word.
 */
export function isOrdinary(segment: string): boolean {
  const chunks = segment.split(/[^\p{L}\p{N}]+/u).filter((chunk) => chunk !== '');
  return chunks.filter(isMixed).length <= 2 && chunks.every(isWordLike);
}

function isMixed(chunk: string): boolean {
  return /\d/.test(chunk) && /\p{L}/u.test(chunk);
}

function isWordLike(chunk: string): boolean {
  if (/^\d+$/.test(chunk)) return chunk.length <= 8;
  if (chunk.length <= 4) return changesOf(chunk) <= 2;
  const [, letters = '', rest = ''] = /^(\p{L}+)(\d{0,4})$/u.exec(chunk) ?? [];
  return letters !== '' && letters.length + rest.length === chunk.length && wordsOf(letters).every(isWord);
}

/** How often letters and digits take turns. */
function changesOf(chunk: string): number {
  return (chunk.match(/\d(?=\D)|\D(?=\d)/g) ?? []).length;
}

/** "incomingWebhook" → "incoming", "Webhook". */
function wordsOf(letters: string): readonly string[] {
  return letters.split(/(?<=\p{Ll})(?=\p{Lu})/u);
}

/** Of one case but for a capital in front, no longer than a word, and somebody could say it. */
function isWord(word: string): boolean {
  const isOneCase = /^\p{Lu}?\p{Ll}+$/u.test(word) || /^\p{Lu}+$/u.test(word);
  return isOneCase && word.length >= 2 && word.length <= 20 && !/[bcdfghjklmnpqrstvwxz]{6}/i.test(word);
}
