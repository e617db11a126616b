import picomatch from 'picomatch';
import type { Match } from '../model/config.ts';
import { escapeLiteral, isGlob, type Labels, matchesWhole, partsOf } from '../model/match.ts';

export type MatchOutcome =
  | { readonly ok: true; readonly match: Match }
  | { readonly ok: false; readonly message: string; readonly fix: string };

type PartOutcome =
  | { readonly ok: true; readonly source: string }
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** Room for a list of names in braces; what is longer is a mistake, or meant to keep us busy. */
const longestMatch = 4000;

/**
 * "region:cluster/pool", "cluster/pool" or "cluster" → the match that lib/model/match.ts understands. Only *, ?, [..]
 * and {a,b} are special; everything else, spaces included, stands for itself. A part never reaches over a slash.
 * `defaultRegion` is for matches that name no region.
 */
export function compileMatch(text: string, defaultRegion?: string): MatchOutcome {
  if (text.length > longestMatch)
    return refuse(`has ${text.length} characters; the limit is ${longestMatch}`, 'use *, or several matches');
  const colon = text.indexOf(':');
  const region = colon === -1 ? defaultRegion : text.slice(0, colon);
  const parts = text.slice(colon + 1).split('/');
  const [clusterText = '', poolText] = parts;
  if (parts.length > 2) return refuse('has more than one slash', 'write cluster/pool, or region:cluster/pool');
  if (region === '') return refuse('has nothing before the colon', 'write region:cluster/pool');
  if (parts.some((part) => part.trim() === '')) return refuse('has an empty part', 'write * for "any"');
  const cluster = compilePart(clusterText);
  if (!cluster.ok) return cluster;
  const pool = poolText === undefined ? undefined : compilePart(poolText);
  if (pool?.ok === false) return pool;
  const exactPool = poolText !== undefined && !isGlob(clusterText) && !isGlob(poolText);
  return {
    ok: true,
    match: { text, region: region && escapeLiteral(region), cluster: cluster.source, pool: pool?.source, exactPool },
  };
}

function refuse(message: string, fix: string): { readonly ok: false; readonly message: string; readonly fix: string } {
  return { ok: false, message, fix };
}

/** The labels of a match; the first that cannot be used, with its key. Keys stand for themselves, values may be patterns. */
export function compileLabels(
  labels: Labels,
):
  | { readonly ok: true; readonly labels: Labels }
  | { readonly ok: false; readonly key: string; readonly message: string; readonly fix: string } {
  const sources: [string, string][] = [];
  for (const [key, value] of Object.entries(labels)) {
    const part = compilePart(value);
    if (!part.ok) return { ...part, key };
    sources.push([key, part.source]);
  }
  return { ok: true, labels: Object.fromEntries(sources) };
}

function compilePart(part: string): PartOutcome {
  if (!isGlob(part)) return { ok: true, source: escapeLiteral(part) };
  const wrong = findWrongBrackets(part);
  if (wrong !== undefined) return refuse(wrong, 'close it, or use only *, ?, [ab] and {a,b}');
  const { source } = picomatch.makeRe(quoteForPicomatch(part), {
    dot: true,
    noextglob: true,
    nonegate: true,
    noglobstar: true,
    strictSlashes: true,
    literalBrackets: false,
  });
  const unicode = forUnicodeFlag(withoutPathGuards(source));
  return isPattern(unicode)
    ? { ok: true, source: unicode }
    : refuse('is not a usable pattern', 'use only *, ?, [ab] and {a,b}');
}

/** Quotes what picomatch would take for more than text, and spells "none of" as it does ("[^ab]"). */
function quoteForPicomatch(part: string): string {
  return part
    .replace(/\[[!^]|[()|+!@^$.\\"']/gu, (found) => (found.length === 2 ? '[^' : `\\${found}`))
    .replace(/\*{2,}/gu, '*');
}

/** picomatch keeps `*` from matching the folders "." and ".."; names are no paths. */
function withoutPathGuards(source: string): string {
  return source
    .replaceAll('(?!(?:^|\\/)\\.{1,2}(?:\\/|$))', '')
    .replaceAll(/\(\?!\\\.\{[01],[12]\}\(\?:\\\/\|\$\)\)/gu, '');
}

/** picomatch quotes characters that need no quoting, which the `u` flag does not allow. */
function forUnicodeFlag(source: string): string {
  return source.replace(/\\([^^$\\.*+?()[\]{}|/])/gu, (_, character: string) =>
    character === '-' ? '\\x2d' : character,
  );
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(`^(?:${source})$`, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** Brackets must close, braces must hold a choice: left open, picomatch would quietly match nothing. */
function findWrongBrackets(part: string): string | undefined {
  const rest = part.replace(/\[[^[\]{}]+\]/gu, 'x');
  if (/[[\]]/u.test(rest)) return 'has a bracket without its partner';
  if (/\[[!^]?\]/u.test(part)) return 'has empty brackets';
  let flat = rest;
  while (/\{[^{}]*\}/u.test(flat)) {
    const inner = /\{([^{}]*)\}/u.exec(flat)?.[1] ?? '';
    if (!inner.includes(',') || inner.includes('..')) return 'has braces without a choice';
    flat = flat.replace(/\{[^{}]*\}/u, 'x');
  }
  return /[{}]/u.test(flat) ? 'has a brace without its partner' : undefined;
}

/**
 * Is every pool that `later` could match certainly matched by `earlier`? Sound, not complete: true is a proof, false
 * may mean "cannot tell".
 */
export function covers(earlier: Match, later: Match): boolean {
  const asked = Object.entries(earlier.labels ?? {});
  if (asked.some(([key, value]) => later.labels === undefined || later.labels[key] !== value)) return false;
  const regionCovered = earlier.region === undefined || earlier.region === later.region;
  const [outer, inner] = [splitText(earlier), splitText(later)];
  return (
    regionCovered &&
    coversPart(outer.cluster, earlier.cluster, inner.cluster) &&
    (outer.pool === undefined || (inner.pool !== undefined && coversPart(outer.pool, earlier.pool ?? '', inner.pool)))
  );
}

/** Could one pool match both? Complete, not sound: false is a proof, true may mean "unknown". */
export function mayOverlap(a: Match, b: Match): boolean {
  if (a.region !== undefined && b.region !== undefined && a.region !== b.region) return false;
  const [left, right] = [splitText(a), splitText(b)];
  if (!mayMeet(left.cluster, a.cluster, right.cluster, b.cluster)) return false;
  if (left.pool === undefined || right.pool === undefined) return true;
  return mayMeet(left.pool, a.pool ?? '', right.pool, b.pool ?? '');
}

/** How every name that a part can match begins and ends, as far as its letters tell. */
export type Ends = { readonly head: string; readonly tail: string };

export function endsOf(match: Match): { readonly cluster: Ends; readonly pool: Ends | undefined } {
  const { cluster, pool } = splitText(match);
  return { cluster: endsOfPart(cluster), pool: pool === undefined ? undefined : endsOfPart(pool) };
}

/** Where there are choices, those of the first one: whatever covers the part covers that too. */
export function endsToCover(match: Match): ReturnType<typeof endsOf> {
  const { cluster, pool } = splitText(match);
  const first = (part: string) => endsOfPart(expandChoice(part)[0] ?? part);
  return { cluster: first(cluster), pool: pool === undefined ? undefined : first(pool) };
}

function endsOfPart(part: string): Ends {
  return isGlob(part) ? { head: literalHead(part), tail: literalTail(part) } : { head: part, tail: part };
}

type Parts = { readonly cluster: string; readonly pool: string | undefined };

/** A config of thousands of rules compares each with those before it: a match is cut once. */
const cut = new WeakMap<Match, Parts>();

function splitText(match: Match): Parts {
  const known = cut.get(match);
  if (known !== undefined) return known;
  const { cluster, pool } = partsOf(match);
  const parts = { cluster, pool };
  cut.set(match, parts);
  return parts;
}

function coversPart(outer: string, outerSource: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  if (!isGlob(inner)) return isGlob(outer) && matchesWhole(outerSource, inner);
  const choices = expandChoice(inner);
  if (choices.length > 1) return choices.every((choice) => coversPart(outer, outerSource, choice));
  if (isGlob(outer.slice(0, -1)) || !outer.endsWith('*')) return coversTail(outer, inner);
  return literalHead(inner).startsWith(outer.slice(0, -1));
}

function coversTail(outer: string, inner: string): boolean {
  return outer.startsWith('*') && !isGlob(outer.slice(1)) && literalTail(inner).endsWith(outer.slice(1));
}

/** "a{b,c}d" → "abd", "acd"; nested or no choices are left as they are. */
function expandChoice(part: string): readonly string[] {
  const found = /^([^{}[\]]*)\{([^{}[\]]*)\}([^{}[\]]*)$/u.exec(part);
  return found ? (found[2] ?? '').split(',').map((choice) => `${found[1]}${choice}${found[3]}`) : [part];
}

function mayMeet(a: string, aSource: string, b: string, bSource: string): boolean {
  if (!isGlob(a)) return isGlob(b) ? matchesWhole(bSource, a) : a === b;
  if (!isGlob(b)) return matchesWhole(aSource, b);
  const [headA, headB] = [literalHead(a), literalHead(b)];
  return headA.startsWith(headB) || headB.startsWith(headA);
}

function literalHead(part: string): string {
  return part.slice(0, part.search(/[*?[{]/u) === -1 ? part.length : part.search(/[*?[{]/u));
}

function literalTail(part: string): string {
  return /(?<![^*?[\]{}])[^*?[\]{}]*$/u.exec(part)?.[0] ?? '';
}
