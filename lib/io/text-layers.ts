/** A text with its escapes resolved, and where each character came from. */
export type Layer = {
  readonly text: string;
  /** The place in the original text of the character at `index`; of its end, the end. */
  readonly placeOf: (index: number) => number;
};

/** `%2F`, `\u002f`, `\x2f`, `\/`, `&#x2f;`, `&#47;`, `&amp;`: ASCII only, since secrets are. */
const escapes =
  /%([0-7][0-9a-f])|\\u00([0-7][0-9a-f])|\\x([0-7][0-9a-f])|\\([\\"'/])|&#x0{0,4}([0-7][0-9a-f]);|&#0{0,4}(\d{2,3});|&(amp|lt|gt|quot|apos);/gi;

const named: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text may be escaped several times. */
const mostLayers = 3;

/** The text itself first, then with one more layer of escapes resolved each time, as long as there are any. */
export function layersOf(text: string): readonly Layer[] {
  const layers: Layer[] = [{ text, placeOf: (index) => index }];
  for (let depth = 0; depth < mostLayers; depth += 1) {
    const next = resolved(layers[depth]!);
    if (next === undefined) return layers;
    layers.push(next);
  }
  return layers;
}

function resolved(layer: Layer): Layer | undefined {
  let text = '';
  const places: number[] = [];
  let end = 0;
  const copy = (to: number) => {
    for (let at = end; at < to; at += 1) places.push(layer.placeOf(at));
    text += layer.text.slice(end, to);
  };
  for (const found of layer.text.matchAll(escapes)) {
    copy(found.index);
    places.push(layer.placeOf(found.index));
    text += characterOf(found);
    end = found.index + found[0].length;
  }
  if (end === 0) return undefined;
  copy(layer.text.length);
  places.push(layer.placeOf(layer.text.length));
  return { text, placeOf: (index) => places[index] ?? places.at(-1) ?? 0 };
}

/** One character each, so that positions stay aligned. */
function characterOf([whole, percent, unicode, hex, plain, htmlHex, htmlDecimal, name]: RegExpExecArray): string {
  const code = percent ?? unicode ?? hex ?? htmlHex;
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
  if (htmlDecimal !== undefined) return String.fromCharCode(Number(htmlDecimal));
  return plain ?? named[name?.toLowerCase() ?? ''] ?? whole.charAt(0);
}
