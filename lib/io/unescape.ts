/** A text with its escapes resolved, and where each character came from. */
export type Layer = {
  readonly text: string;
  /** The place in the original text of the character at `index`; of its end, the end. */
  readonly placeOf: (index: number) => number;
};

/**
 * `%2F`, `%u002f`, `\u002f`, `\u{2f}`, `\x2f`, `\057`, `\/`, `&#x2f;`, `&#47;`, `&amp;`. What a byte stands for outside of
 * ASCII depends on those beside it, so it is taken for itself (Latin-1).
 */
const escapes =
  /%([0-9a-f]{2})|[\\%]u([0-9a-f]{4})|\\u\{0{0,4}([0-9a-f]{1,4})\}|\\x([0-9a-f]{2})|\\([0-3][0-7]{2})|\\([\\"'/])|&#x0{0,4}([0-9a-f]{2,4});?|&#0{0,4}(\d{2,5});?|&(amp|lt|gt|quot|apos);/gi;

/** Quoted-printable (RFC 2045, 6.7); apart from the others, since `a=12` is rather a name and a number. */
const quotedPrintable = /=([0-9a-f]{2})|=\r?\n/gi;

/** What is seen nowhere, or only breaks a line. */
const breaks = /[\r\n\0\u00AD\u200B-\u200D\u2060\uFEFF]/gu;

/** Between single characters, as in "s e c r e t" and "s-e-c-r-e-t". */
const betweenLetters = /(?<=(?:^|[\s.,:_·•|-])\S)[\s.,:_·•|-](?=\S(?:[\s.,:_·•|-]|$))/gu;

/** Between bytes, as fingerprints and dumps have them. */
const betweenBytes = /(?<=\b[0-9a-f]{2})[\s:-](?=[0-9a-f]{2}\b)/giu;

const named: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text may be escaped several times. */
const mostLayers = 3;

/**
 * The text itself first, then with one more layer of escapes resolved each time, as long as there are any; and without
 * what breaks it into pieces: lines, what is not seen, and what stands between single letters or bytes.
 */
export function layersOf(text: string): readonly Layer[] {
  const whole = { text, placeOf: (index: number) => index };
  const layers = deeper([whole], (layer) => resolved(layer, escapes, characterOf));
  const printed = resolved(whole, quotedPrintable, ([, hex]) => (hex === undefined ? '' : fromCode(hex, 16)));
  const joined = resolved(whole, breaks, () => '');
  const spelled = resolved(whole, betweenLetters, () => '');
  const dumped = resolved(whole, betweenBytes, () => '');
  return [...layers, ...[printed, joined, spelled, dumped].filter((layer) => layer !== undefined)];
}

function deeper(layers: readonly Layer[], next: (layer: Layer) => Layer | undefined): readonly Layer[] {
  const last = layers.at(-1);
  const one = layers.length > mostLayers || last === undefined ? undefined : next(last);
  return one === undefined ? layers : deeper([...layers, one], next);
}

/** Each place becomes one character or none, so that positions stay aligned. */
function resolved(layer: Layer, places: RegExp, become: (found: RegExpExecArray) => string): Layer | undefined {
  let text = '';
  const placeOf: number[] = [];
  let end = 0;
  const copy = (to: number) => {
    for (let at = end; at < to; at += 1) placeOf.push(layer.placeOf(at));
    text += layer.text.slice(end, to);
  };
  for (const found of layer.text.matchAll(places)) {
    copy(found.index);
    const character = become(found);
    if (character !== '') placeOf.push(layer.placeOf(found.index));
    text += character;
    end = found.index + found[0].length;
  }
  if (end === 0) return undefined;
  copy(layer.text.length);
  placeOf.push(layer.placeOf(layer.text.length));
  return { text, placeOf: (index) => placeOf[index] ?? placeOf.at(-1) ?? 0 };
}

function characterOf(found: RegExpExecArray): string {
  const [whole, percent, unicode, braced, hex, octal, plain, htmlHex, htmlDecimal, name] = found;
  const code = percent ?? unicode ?? braced ?? hex ?? htmlHex;
  if (code !== undefined) return fromCode(code, 16);
  if (octal !== undefined) return fromCode(octal, 8);
  if (htmlDecimal !== undefined) return fromCode(htmlDecimal, 10);
  return plain ?? named[name?.toLowerCase() ?? ''] ?? whole.charAt(0);
}

function fromCode(digits: string, base: number): string {
  return String.fromCharCode(Number.parseInt(digits, base));
}
