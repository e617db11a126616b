import { shorten } from './escape.ts';
import { headline, type Line, type Message } from './message.ts';

/** Which parts of a message are shown: fewer and fewer until it fits. Id, status, severity and kind are never cut. */
export type Shown = {
  readonly text: string;
  readonly lines: readonly Line[];
  readonly details: readonly Line[];
  /** What was left out, in words; undefined = nothing. */
  readonly cut: string | undefined;
};

const valueSteps = [1_500, 300, 80] as const;
const textSteps = [1_000, 300, 100, 30, 0] as const;
/** More than any target takes. What is longer is not rendered in full again and again, only to be too long each time. */
const longestPart = 40_000;

/**
 * The largest version of a message that fits. It is always cut in the same order: details first (shortened, then
 * removed from the last), then the lines below the text, then the text itself.
 */
export function shrink<T>(message: Message, render: (shown: Shown) => T, fits: (rendered: T) => boolean): T {
  let rendered: T | undefined;
  for (const shown of smallerAndSmaller(message)) {
    rendered = render(shown);
    if (fits(rendered)) return rendered;
  }
  return rendered ?? render({ text: '', lines: [], details: [], cut: undefined });
}

function* smallerAndSmaller(message: Message): Generator<Shown> {
  const text = shorten(message.text, longestPart);
  const lines = message.lines.map(withinLongest);
  const details = message.details.map(withinLongest);
  yield { text, lines, details, cut: undefined };
  for (const length of valueSteps) {
    const short = details.map(({ name, value }) => ({ name: shorten(name, 80), value: shorten(value, length) }));
    if (isCut(details, short)) yield { text, lines, details: short, cut: 'long details were shortened' };
  }
  const shortest = details.map(({ name, value }) => ({ name: shorten(name, 80), value: shorten(value, 80) }));
  for (let left = details.length - 1; left >= 0; left -= 1) {
    yield { text, lines, details: shortest.slice(0, left), cut: leftOut(details.length - left, 0) };
  }
  const gone = details.length;
  for (let left = lines.length; left >= 0; left -= 1) {
    const short = lines.slice(0, left).map(({ name, value }) => ({ name, value: shorten(value, 200) }));
    yield { text, lines: short, details: [], cut: leftOut(gone, lines.length - left) ?? 'long lines were shortened' };
  }
  for (const length of textSteps) {
    if (length >= text.length) continue;
    const cut = [leftOut(gone, lines.length), `without ${message.text.length - length} characters of the text`];
    yield { text: shorten(text, length), lines: [], details: [], cut: cut.filter((part) => part).join(', ') };
  }
}

function withinLongest(line: Line): Line {
  return line.value.length <= longestPart ? line : { ...line, value: shorten(line.value, longestPart) };
}

function isCut(before: readonly Line[], after: readonly Line[]): boolean {
  return after.some(({ name, value }, index) => name !== before[index]?.name || value !== before[index]?.value);
}

/** The same as plain lines: headline, lines below it, ids. Not escaped yet. */
export function plainLines(message: Message, { text, lines, details, cut }: Shown): readonly string[] {
  const rest = [...lines, ...details].map(({ name, value }) => `${name}: ${value}`);
  const end = [...(cut === undefined ? [] : [cut]), `${message.kind} · id ${message.id}`];
  return [headline({ ...message, text }), ...rest, ...end];
}

/** Links as plain text, without escapes, which would break them. */
export function linkLines({ links }: Pick<Message, 'links'>): readonly string[] {
  return links.map(({ label, url }) => `${label}: ${url}`);
}

export function leftOut(details: number, lines: number): string | undefined {
  const parts = [
    ...(details > 0 ? [`${details} ${details === 1 ? 'detail' : 'details'}`] : []),
    ...(lines > 0 ? [`${lines} ${lines === 1 ? 'line' : 'lines'}`] : []),
  ];
  return parts.length === 0 ? undefined : `left out: ${parts.join(', ')}`;
}
