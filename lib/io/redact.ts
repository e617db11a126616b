import { type Secret, unwrap } from './secrets/secret.ts';
import { secretPatterns } from './secret-patterns.ts';

/** The last layer before anything is shown: it knows every live secret, and what secrets look like. */
export type Redactor = {
  /** From now on this value, its encodings and its parts are removed. */
  readonly know: (secret: Secret) => void;
  readonly clean: (text: string) => string;
};

const shown = '[redacted]';

/** A part of this many characters already counts: texts get cut, and half a token is too much. */
const partLength = 12;

/** Below this a value is no secret, and removing it would make every text unreadable. */
const shortest = 6;

export function makeRedactor(): Redactor {
  const whole = new Set<string>();
  const parts = new Set<string>();
  return {
    know: (secret) => {
      for (const form of formsOf(unwrap(secret))) remember(form, whole, parts);
    },
    clean: (text) => cleanPatterns(cleanParts(cleanWhole(text, whole), parts)),
  };
}

function remember(form: string, whole: Set<string>, parts: Set<string>): void {
  if (form.length < shortest) return;
  if (form.length < partLength) whole.add(form);
  for (let at = 0; at + partLength <= form.length; at += 1) parts.add(form.slice(at, at + partLength));
}

/** The value plain, in JSON, URL-encoded, and in base64 (also in the middle of a longer text, hence three shifts). */
function formsOf(value: string): readonly string[] {
  const secret = withoutOrigin(value);
  const plain = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
  const encoded = [0, 1, 2].map((shift) => shiftedBase64(secret, shift));
  return [...plain, ...encoded, ...encoded.map(toUrlAlphabet)];
}

/** Of an address the host is no secret, and people need it; what follows it is. */
function withoutOrigin(value: string): string {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return value;
  return value.replace(/^https?:\/\/[^/?#]*\/?/i, '');
}

/** Only the characters that this value alone decides: those at the edges mix with its neighbours. */
function shiftedBase64(value: string, shift: number): string {
  const bytes = Buffer.from(value);
  const padded = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const end = Math.floor(((shift + bytes.length) * 8) / 6);
  return padded.slice(Math.ceil((shift * 8) / 6), end);
}

function toUrlAlphabet(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

function cleanWhole(text: string, whole: ReadonlySet<string>): string {
  let cleaned = text;
  for (const value of whole) cleaned = cleaned.replaceAll(value, shown);
  return cleaned;
}

function cleanParts(text: string, parts: ReadonlySet<string>): string {
  if (parts.size === 0) return text;
  let cleaned = '';
  let from = 0;
  for (let at = 0; at + partLength <= text.length; at += 1) {
    if (!parts.has(text.slice(at, at + partLength))) continue;
    const end = endOfParts(text, at, parts);
    cleaned += text.slice(from, at) + shown;
    from = end;
    at = end - 1;
  }
  return cleaned + text.slice(from);
}

function endOfParts(text: string, start: number, parts: ReadonlySet<string>): number {
  let at = start;
  while (parts.has(text.slice(at + 1, at + 1 + partLength))) at += 1;
  return at + partLength;
}

function cleanPatterns(text: string): string {
  let cleaned = text;
  for (const pattern of secretPatterns) cleaned = cleaned.replaceAll(pattern, `$1${shown}`);
  return cleaned;
}
