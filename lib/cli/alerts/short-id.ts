/** So much of an id is enough to name one among millions; the redactor takes whole ones for tokens. */
const shownLength = 16;
const leastLength = 6;

/** What people see and type of an id (sha256, hex). */
export function shortId(id: string): string {
  return id.slice(0, shownLength);
}

/** Can this text be the beginning of an id, or the `<key>.<episode>` that PagerDuty and webhooks show? */
export function looksLikeId(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${leastLength},64}(?:\\.\\d+)?$`, 'u').test(text);
}

/** Does this text, the whole or a beginning, stand for the id? */
export function standsFor(text: string, id: string): boolean {
  return looksLikeId(text) && id.startsWith(text.replace(/\.\d+$/u, ''));
}
