import type { Match } from '../decide/compiled-config.ts';
import { isGlob } from './compile-match.ts';

/**
 * Is every pool that `later` could match certainly matched by `earlier`? Sound, not complete: true is a proof, false
 * may mean "cannot tell".
 */
export function covers(earlier: Match, later: Match): boolean {
  const regionCovered = earlier.region === undefined || earlier.region === later.region;
  const [outer, inner] = [splitText(earlier), splitText(later)];
  return (
    regionCovered &&
    coversPart(outer.cluster, earlier.cluster, inner.cluster) &&
    (outer.pool === undefined || (inner.pool !== undefined && coversPart(outer.pool, earlier.pool ?? '', inner.pool)))
  );
}

/** Could one pool be matched by both? Complete, not sound: false is a proof, true may mean "cannot tell". */
export function mayOverlap(a: Match, b: Match): boolean {
  if (a.region !== undefined && b.region !== undefined && a.region !== b.region) return false;
  const [left, right] = [splitText(a), splitText(b)];
  if (!mayMeet(left.cluster, a.cluster, right.cluster, b.cluster)) return false;
  if (left.pool === undefined || right.pool === undefined) return true;
  return mayMeet(left.pool, a.pool ?? '', right.pool, b.pool ?? '');
}

type Parts = { readonly cluster: string; readonly pool: string | undefined };

/** A config of thousands of rules compares each with those before it: a match is cut once. */
const cut = new WeakMap<Match, Parts>();

function splitText(match: Match): Parts {
  const known = cut.get(match);
  if (known !== undefined) return known;
  const [cluster = '', pool] = match.text.slice(match.text.indexOf(':') + 1).split('/');
  const parts = { cluster, pool };
  cut.set(match, parts);
  return parts;
}

function coversPart(outer: string, outerSource: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  if (!isGlob(inner)) return isGlob(outer) && matchesSource(outerSource, inner);
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
  if (!isGlob(a)) return isGlob(b) ? matchesSource(bSource, a) : a === b;
  if (!isGlob(b)) return matchesSource(aSource, b);
  const [headA, headB] = [literalHead(a), literalHead(b)];
  return headA.startsWith(headB) || headB.startsWith(headA);
}

const compiled = new Map<string, RegExp>();

function matchesSource(source: string, name: string): boolean {
  const pattern = compiled.get(source) ?? new RegExp(`^(?:${source})$`, 'u');
  compiled.set(source, pattern);
  return pattern.test(name);
}

function literalHead(part: string): string {
  return part.slice(0, part.search(/[*?[{]/u) === -1 ? part.length : part.search(/[*?[{]/u));
}

function literalTail(part: string): string {
  return /[^*?[\]{}]*$/u.exec(part)?.[0] ?? '';
}
