import { type AddressParts, isOrdinary, partsOfAddress } from './address-secrets.ts';
import { type Secret, unwrap } from './secrets/secret.ts';
import { type Layer, layersOf } from './unescape.ts';

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

/**
 * Secrets are found however a text writes them: plain, cut, in base64 (either alphabet, any shift, or twice), in base32, in
 * hexadecimal, letter by letter, and all of these escaped for an address, for JSON, for HTML or for mail, up to three times
 * over, or broken over lines. What was compressed or encrypted is not found. Nothing else is removed: of an
 * address the ordinary words stay ("/hooks/lamplighter" is no secret away from its host).
 */
export function makeRedactor(): Redactor {
  const known: Known = { values: new Set(), whole: new Map(), parts: new Set() };
  const harmless: Harmless = new Set();
  return {
    know: (secret) => {
      if (remember(unwrap(secret), known)) harmless.clear();
    },
    clean: (text) => {
      if (text.length < shortest || harmless.has(text)) return text;
      const cleaned = cleanPatterns(cleanKnown(text, known));
      if (cleaned === text) noteHarmless(text, harmless);
      return cleaned;
    },
  };
}

/** Texts without a secret: the names of a fleet pass here in every round. Empty again with each secret that becomes known. */
type Harmless = Set<string>;

const mostHarmless = 10_000;
const longestHarmless = 100;

function noteHarmless(text: string, harmless: Harmless): void {
  if (text.length > longestHarmless) return;
  if (harmless.size >= mostHarmless) harmless.clear();
  harmless.add(text);
}

type Known = {
  /** As they were handed in: a secret is read again every few minutes, and its forms are hundreds. */
  readonly values: Set<string>;
  /** The text, and how many of its first characters may stay. */
  readonly whole: Map<string, number>;
  readonly parts: Set<string>;
};

/** Was it not known yet? */
function remember(value: string, known: Known): boolean {
  if (known.values.has(value)) return false;
  known.values.add(value);
  const address = partsOfAddress(value);
  if (address === undefined) rememberValue(value, known, () => true);
  else rememberAddress(address, known);
  return true;
}

function rememberAddress({ places, bearers }: AddressParts, known: Known): void {
  for (const { host, rest } of places) {
    known.whole.set(`${host}${rest}`, host.length);
    for (const form of base64Forms(`${host}${rest}`)) rememberForm(form, known, () => true);
  }
  for (const bearer of bearers) rememberValue(bearer, known, (part) => !isOrdinary(part));
}

function rememberValue(value: string, known: Known, isTelling: (part: string) => boolean): void {
  if (value.length < shortest) return;
  // What looks like an escape inside the secret itself is resolved together with those around it.
  for (const { text } of layersOf(value)) rememberForm(text, known, isTelling);
  const bytes = Buffer.from(value);
  // As escapes of its bytes are read, one by one.
  rememberForm(bytes.toString('latin1'), known, isTelling);
  if (isHexadecimal(value))
    for (const form of [value.toLowerCase(), value.toUpperCase()]) rememberForm(form, known, isTelling);
  const hex = bytes.toString('hex');
  const encoded = [...formsOf(value), bytes.toString('base64')].flatMap(base64Forms);
  for (const form of [...encoded, ...base32Forms(bytes), hex, hex.toUpperCase()]) rememberForm(form, known, () => true);
}

function isHexadecimal(value: string): boolean {
  return /^[0-9a-f]+$/i.test(value);
}

/** By its parts, which find it cut as well; as a whole only where parts cannot. */
function rememberForm(form: string, { whole, parts }: Known, isTelling: (part: string) => boolean): void {
  let isFound = form.length >= partLength;
  for (let at = 0; at + partLength <= form.length; at += 1) {
    const part = form.slice(at, at + partLength);
    if (isTelling(part)) parts.add(part);
    else isFound = false;
  }
  if (!isFound) whole.set(form, 0);
}

/** As it may have been written before somebody put it into base64. */
function formsOf(value: string): readonly string[] {
  return [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])];
}

/** Also in the middle of a longer text, hence three shifts; in both alphabets. */
function base64Forms(value: string): readonly string[] {
  const forms = [0, 1, 2].map((shift) => shiftedBase64(value, shift));
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** Only the characters that this value alone decides: those at the edges mix with its neighbours. */
function shiftedBase64(value: string, shift: number): string {
  const bytes = Buffer.from(value);
  const padded = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/={1,2}$/, '');
  const end = Math.floor(((shift + bytes.length) * 8) / 6);
  return padded.slice(Math.ceil((shift * 8) / 6), end);
}

const base32Letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648, 6: five bits a letter, five shifts; in capitals and without. */
function base32Forms(bytes: Buffer): readonly string[] {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return [0, 1, 2, 3, 4].flatMap((shift) => {
    const fives = bits.slice((5 - ((shift * 8) % 5)) % 5).match(/[01]{5}/g) ?? [];
    const form = fives.map((five) => base32Letters[Number.parseInt(five, 2)]).join('');
    return [form, form.toLowerCase()];
  });
}

type Span = { readonly from: number; readonly to: number };

function cleanKnown(text: string, known: Known): string {
  if (known.whole.size === 0 && known.parts.size === 0) return text;
  const spans = layersOf(text).flatMap((layer) => [...wholeIn(layer, known), ...partsIn(layer, known)]);
  if (spans.length === 0) return text;
  spans.sort((a, b) => a.from - b.from);
  let cleaned = '';
  let end = 0;
  for (const { from, to } of spans) {
    if (from >= end) cleaned += text.slice(end, from) + shown;
    end = Math.max(end, to);
  }
  return cleaned + text.slice(end);
}

function wholeIn(layer: Layer, { whole }: Known): readonly Span[] {
  const spans: Span[] = [];
  for (const [form, keep] of whole) {
    let at = layer.text.indexOf(form);
    while (at !== -1) {
      spans.push(spanOf(layer, at + keep, at + form.length));
      at = layer.text.indexOf(form, at + form.length);
    }
  }
  return spans;
}

function partsIn(layer: Layer, { parts }: Known): readonly Span[] {
  const spans: Span[] = [];
  for (let at = 0; at + partLength <= layer.text.length; at += 1) {
    if (!parts.has(layer.text.slice(at, at + partLength))) continue;
    const start = at;
    while (parts.has(layer.text.slice(at + 1, at + 1 + partLength))) at += 1;
    spans.push(spanOf(layer, start, at + partLength));
    at += partLength - 1;
  }
  return spans;
}

function spanOf({ placeOf }: Layer, from: number, to: number): Span {
  return { from: placeOf(from), to: placeOf(to) };
}

/** Names by the ten thousand pass here: one look tells that none of the patterns can be in a text. */
const anyPattern = /token|bearer|basic|geniekey|[0-9a-f]{64}|\.com\/|sig=|whs/i;

function cleanPatterns(text: string): string {
  if (!anyPattern.test(text)) return text;
  let cleaned = text;
  for (const pattern of secretPatterns) cleaned = cleaned.replaceAll(pattern, `$1${shown}`);
  return cleaned;
}

/**
 * What secrets look like, for those that were never read here (pasted into a pool's label, echoed by a proxy). Group 1
 * stays. MKS tokens are 64 hexadecimal digits; the others are the addresses and keys of the chats we write to.
 */
const secretPatterns: readonly RegExp[] = [
  /(\bToken(?:\s|%20|\+)+)[0-9a-f]{16,}/gi,
  /(\b(?:Bearer|Basic|GenieKey)(?:\s|%20)+)[\w.~+/=-]{16,}/g,
  /()(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/gi,
  /(hooks\.slack\.com\/)[^\s"'<>\\]+/gi,
  /(discord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/)[^\s"'<>\\]+/gi,
  /(webhook\.office\.com\/)[^\s"'<>\\]+/gi,
  /(\bsig=)[^\s"'<>\\&]+/gi,
  /(\bwhs[ek]c?_)[\w+/=-]{8,}/g,
];
