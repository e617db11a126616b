import { isObject, type JsonObject, show } from './reading.ts';

/**
 * The part of EventBridge's event patterns that rules use (docs.aws.amazon.com, "Comparison operators for use in event
 * patterns"): every key must match; a list holds alternatives; an event's list matches when one of its values does.
 * Alternatives: a text, number, boolean or null; prefix; suffix; exists; anything-but; numeric.
 */
export function matchesPattern(pattern: JsonObject, event: unknown): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    const actual = isObject(event) && Object.hasOwn(event, key) ? event[key] : undefined;
    if (Array.isArray(wanted)) return wanted.some((alternative) => matchesAlternative(alternative, actual));
    return isObject(wanted) && matchesNested(wanted, actual);
  });
}

/** A list of objects matches when one of them does. */
function matchesNested(pattern: JsonObject, actual: unknown): boolean {
  return Array.isArray(actual) ? actual.some((item) => matchesPattern(pattern, item)) : matchesPattern(pattern, actual);
}

/** What is wrong with a pattern, as one sentence; undefined when it can be used. */
export function patternProblem(pattern: unknown, path = 'when'): string | undefined {
  if (!isObject(pattern)) return `${path} is ${show(pattern)}: it must be an object, or a list of alternatives`;
  if (Object.keys(pattern).length === 0) return `${path} is empty: it would match every event`;
  for (const [key, wanted] of Object.entries(pattern)) {
    const inner = `${path}.${key}`;
    const problem = Array.isArray(wanted) ? listProblem(wanted, inner) : patternProblem(wanted, inner);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function matchesAlternative(alternative: unknown, actual: unknown): boolean {
  if (isObject(alternative) && 'exists' in alternative) return isLeaf(actual) === alternative.exists;
  if (Array.isArray(actual)) return actual.some((item) => matchesLeaf(alternative, item));
  return matchesLeaf(alternative, actual);
}

/** EventBridge's `exists` looks at leaves only. */
function isLeaf(actual: unknown): boolean {
  return actual !== undefined && !isObject(actual);
}

function matchesLeaf(alternative: unknown, actual: unknown): boolean {
  if (!isObject(alternative)) return actual === alternative;
  const [operator, operand] = Object.entries(alternative)[0] ?? [];
  switch (operator) {
    case 'prefix':
      return typeof actual === 'string' && typeof operand === 'string' && actual.startsWith(operand);
    case 'suffix':
      return typeof actual === 'string' && typeof operand === 'string' && actual.endsWith(operand);
    case 'numeric':
      return typeof actual === 'number' && Array.isArray(operand) && isWithin(operand, actual);
    case 'anything-but':
      return isLeaf(actual) && ![operand].flat().some((item) => matchesLeaf(item, actual));
    default:
      return false;
  }
}

const comparisons: { readonly [sign: string]: (a: number, b: number) => boolean } = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** [">", 0, "<=", 5]: every comparison of the list holds. */
function isWithin(operand: readonly unknown[], actual: number): boolean {
  for (let at = 0; at < operand.length; at += 2) {
    const compare = comparisons[String(operand[at])];
    if (compare === undefined || !compare(actual, Number(operand[at + 1]))) return false;
  }
  return true;
}

function listProblem(list: readonly unknown[], path: string): string | undefined {
  if (list.length === 0) return `${path} is an empty list: nothing would match`;
  return list.map((alternative) => alternativeProblem(alternative, path)).find((problem) => problem !== undefined);
}

function alternativeProblem(alternative: unknown, path: string): string | undefined {
  if (!isObject(alternative)) return Array.isArray(alternative) ? `${path} contains a list inside a list` : undefined;
  const entries = Object.entries(alternative);
  const [operator = 'nothing', operand] = entries[0] ?? [];
  const isGood = entries.length === 1 && isGoodOperand(operator, operand);
  if (isGood) return undefined;
  return `${path} uses ${show(operator)} in an unknown way: use a value, prefix, suffix, exists, anything-but or numeric`;
}

function isGoodOperand(operator: string, operand: unknown): boolean {
  if (operator === 'prefix' || operator === 'suffix') return typeof operand === 'string';
  if (operator === 'exists') return typeof operand === 'boolean';
  if (operator === 'numeric') return Array.isArray(operand) && isComparisonList(operand);
  if (operator !== 'anything-but') return false;
  const items = [operand].flat();
  return items.length > 0 && items.every((item) => !isObject(item) || isGoodAffix(item));
}

function isComparisonList(operand: readonly unknown[]): boolean {
  return (
    operand.length > 0 &&
    operand.length % 2 === 0 &&
    operand.every((item, at) =>
      at % 2 === 0 ? typeof item === 'string' && item in comparisons : Number.isFinite(item),
    )
  );
}

function isGoodAffix(item: JsonObject): boolean {
  const entries = Object.entries(item);
  return (
    entries.length === 1 && entries.every(([name, text]) => /^(?:pre|suf)fix$/u.test(name) && typeof text === 'string')
  );
}
