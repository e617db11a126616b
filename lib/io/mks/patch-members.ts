/**
 * The text of a JSON object with some of its own members set to numbers, and all other bytes unchanged: order,
 * spelling, long numbers, unknown keys. A missing member is added at the end. The text must be a valid JSON object.
 */
export function patchMembers(text: string, changes: { readonly [key: string]: number | undefined }): string {
  const { members, end } = findMembers(text);
  const wanted = Object.entries(changes).filter(([, value]) => value !== undefined);
  const missing = wanted.filter(([key]) => !members.some((member) => member.key === key));
  const tail = missing.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',');
  const comma = tail !== '' && members.length > 0 ? ',' : '';
  return replaceValues(text.slice(0, end), members, changes) + comma + tail + text.slice(end);
}

type Member = { readonly key: string; readonly start: number; readonly end: number };

/** From the end, so that earlier positions stay valid. */
function replaceValues(
  text: string,
  members: readonly Member[],
  changes: { readonly [key: string]: number | undefined },
): string {
  return members.reduceRight((patched, { key, start, end }) => {
    const value = Object.hasOwn(changes, key) ? changes[key] : undefined;
    return value === undefined ? patched : `${patched.slice(0, start)}${value}${patched.slice(end)}`;
  }, text);
}

/** The object's own members with the places of their values, and where its last member ends. */
function findMembers(text: string): { readonly members: readonly Member[]; readonly end: number } {
  const members: Member[] = [];
  const open = skipSpace(text, 0) + 1;
  let at = skipSpace(text, open);
  let lastEnd = open;
  while (text[at] === '"') {
    const keyEnd = skipString(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
    members.push({ key: JSON.parse(text.slice(at, keyEnd)) as string, start, end });
    lastEnd = end;
    const next = skipSpace(text, end);
    at = text[next] === ',' ? skipSpace(text, next + 1) : next;
  }
  return { members, end: lastEnd };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return at;
}

function skipString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipValue(text: string, from: number): number {
  if (text[from] === '"') return skipString(text, from);
  if (text[from] === '{' || text[from] === '[') return skipNested(text, from);
  let at = from;
  while (at < text.length && !/[\s,}\]]/.test(text.charAt(at))) at += 1;
  return at;
}

function skipNested(text: string, from: number): number {
  let depth = 0;
  let at = from;
  do {
    const character = text[at];
    if (character === '"') at = skipString(text, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    at += 1;
  } while (depth > 0 && at < text.length);
  return at;
}
