import type { Match } from './config.ts';
import { hasSeveralRuns, linearPattern } from './linear-pattern.ts';

/** A pool's labels, by key. */
export type Labels = { readonly [key: string]: string };

/** `labels`: undefined = not known, which is not the same as none. */
export type Names = {
  readonly region: string;
  readonly cluster: string;
  readonly pool: string;
  readonly labels?: Labels | undefined;
};

/** Does the match name this pool? A match without a pool part matches every pool of its clusters. */
export function matchesPool(match: Match, names: Names): boolean {
  return matchesNames(match, names) && matchesLabels(match, names.labels);
}

/** The same, ignoring labels. */
export function matchesNames(match: Match, names: Names): boolean {
  return matchesCluster(match, names) && matchesPoolName(match, names.pool);
}

/** A label as a config has it: "team: data". */
export function labelText(key: string, value: string): string {
  return `${key}: ${value === '' ? '""' : value}`;
}

/** Does the pool have every label of the match? Unknown labels match nothing. */
export function matchesLabels({ labels }: Pick<Match, 'labels'>, own: Labels | undefined): boolean {
  if (labels === undefined) return true;
  if (own === undefined) return false;
  return Object.entries(labels).every(([key, value]) => {
    return Object.hasOwn(own, key) && matchesWhole(value, own[key] as string);
  });
}

/** The same, of a pool whose cluster is known to match. */
export function matchesPoolName({ pool }: Match, name: string): boolean {
  return pool === undefined || matchesWhole(pool, name);
}

/** Does the match name this cluster, or a pool of it? */
export function matchesCluster(match: Match, names: Pick<Names, 'region' | 'cluster'>): boolean {
  return (
    (match.region === undefined || matchesWhole(match.region, names.region)) &&
    matchesWhole(match.cluster, names.cluster)
  );
}

/** The names of the regions that the match reaches: the one it names, else all of them. */
export function reachedRegions(
  match: Pick<Match, 'region'> | undefined,
  regions: readonly { readonly name: string }[],
): readonly string[] {
  const names = regions.map(({ name }) => name);
  const region = match?.region;
  return region === undefined ? names : names.filter((name) => matchesWhole(region, name));
}

/** A name as the source of a regular expression that matches just it. */
export function escapeLiteral(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}

export function isGlob(part: string): boolean {
  return /[*?[\]{}]/u.test(part);
}

/** A match as it was written, in its parts. */
export function partsOf({ text }: Pick<Match, 'text'>): {
  readonly region: string | undefined;
  readonly cluster: string;
  readonly pool: string | undefined;
} {
  const colon = text.indexOf(':');
  const [cluster = '', pool] = text.slice(colon + 1).split('/');
  return { region: colon === -1 ? undefined : text.slice(0, colon), cluster, pool };
}

type Pattern = {
  readonly prefix: string;
  /** A part that every matching name has somewhere. */
  readonly part: string;
  readonly whole: (name: string) => boolean;
};

/** Cached by source: the same few patterns are applied to thousands of names. */
const compiled = new Map<string, Pattern>();

/** Does a match part's regular expression match this whole name? In time linear in the name. */
export function matchesWhole(source: string, name: string): boolean {
  let pattern = compiled.get(source);
  if (pattern === undefined) {
    pattern = { prefix: prefixOf(source), part: literalIn(source), whole: wholeOf(source) };
    compiled.set(source, pattern);
  }
  return name.startsWith(pattern.prefix) && name.includes(pattern.part) && pattern.whole(name);
}

/** JavaScript's engine is far faster, and only slow if several repetitions can match the same text in many ways. */
function wholeOf(source: string): Pattern['whole'] {
  const linear = hasSeveralRuns(source) ? linearPattern(source) : undefined;
  if (linear !== undefined) return linear;
  const pattern = new RegExp(`^(?:${source})$`, 'u');
  return (name) => pattern.test(name);
}

/** The literal prefix of all matching names: a cheap test that excludes most names. */
function prefixOf(source: string): string {
  if (source.includes('|')) return '';
  const plain = /^[A-Za-z0-9-]*/.exec(source)?.[0] ?? '';
  const isQuantified = /^[*+?{]/.test(source.slice(plain.length));
  return isQuantified ? plain.slice(0, -1) : plain;
}

/** The longest literal within all matching names: of "*a17*b*" it excludes most names before the pattern is followed. */
function literalIn(source: string): string {
  let inner = source;
  // As picomatch wraps them.
  while (inner.startsWith('^(?:') && inner.endsWith(')$')) inner = inner.slice(4, -2);
  const plain = inner
    // oxlint-disable-next-line regexp/no-super-linear-move -- a match has 4,000 characters at most
    .replace(/\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?=\.\)/gsu, (one) =>
      one === '\\x2d' ? '-' : ' ',
    )
    .replace(/.[*+?]/gsu, ' ');
  if (/[|(){]/u.test(plain)) return '';
  const literals = plain.split(/[^A-Za-z0-9-]/u);
  return literals.reduce((longest, one) => (one.length > longest.length ? one : longest), '');
}
