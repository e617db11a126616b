/**
 * Text from outside may hold anything: removes control characters and lone surrogates, and turns line breaks into
 * spaces.
 */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\u202A-\u202E\u2066-\u2069]/gu, '')
    .trim();
}

/** At most `length` UTF-16 units, never half of a pair; "…" marks the cut. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length < 1) return '';
  const end = /[\uD800-\uDBFF]/.test(text.charAt(length - 2)) ? length - 2 : length - 1;
  return `${text.slice(0, end)}…`;
}

/** Slack's three characters, in every text object alike: docs.slack.dev, "Formatting message text". `<!channel>` stays text then. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** An underscore inside a word is one: `gpu_workers` stays as it is. */
const edgeUnderscore = /(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;
/** What makes a heading, a quote or a list, at the beginning only. */
const lineMark = /^(#{1,6}|[-+>]|\d+\.)(?= )/;

/** An invisible character; a name that contains it mentions nobody. */
const gap = '\u200B';

/** Markdown of Discord and Mattermost: a backslash before every special character. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*[\]~|<]/g, '\\$&')
    .replace(edgeUnderscore, '\\_')
    .replace(lineMark, '\\$1');
}

/**
 * The little Markdown of an Adaptive Card: emphasis, links, lists; its functions, such as `{{DATE(…)}}`; and the tag that a
 * flow makes a mention of. learn.microsoft.com, "Text features" of Adaptive Cards, "Mention support within Adaptive Cards"
 */
export function escapeCard(text: string): string {
  return text
    .replace(/[\\`*[\]]/g, '\\$&')
    .replace(edgeUnderscore, '\\_')
    .replace(lineMark, '\\$1')
    .replaceAll('{{', `{${gap}{`)
    .replaceAll('<', `<${gap}`);
}

/**
 * Mattermost mentions everybody named after an @, also from a webhook. It converts Slack's `<!channel>`, `<!here>`,
 * `<!all>` and `<@id>` before it looks at backslashes. developers.mattermost.com/integrate/webhooks/incoming, "Slack
 * compatibility"
 */
export function escapeMattermost(text: string): string {
  return escapeMarkdown(text).replaceAll('@', `@${gap}`).replaceAll('<', `<${gap}`);
}

/** For the text of an HTML element or of a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/**
 * Google Chat has no escapes, so the start of a mention, link or emphasis is broken up. `<users/all>` mentions
 * everybody. developers.google.com/workspace/chat/format-messages
 */
export function escapeGoogleChat(text: string): string {
  return text
    .replace(/[<*~`]|\](?=\()/g, `$&${gap}`)
    .replace(edgeUnderscore, `_${gap}`)
    .replace(lineMark, `$1${gap}`);
}

/**
 * For text that others pass on to chats unescaped, as Alertmanager's templates do: breaks up whatever some chat takes for
 * a mention, a link or a function (`@ada`, `@**all**`, `<!here>`, `<users/all>`, `<https://example.org|x>`, `{{DATE(…)}}`).
 */
export function inert(text: string): string {
  return text.replace(/<(?=\s*[!@#/\p{L}])|@(?=[\p{L}\p{N}_*])|\{(?=\{)/gu, `$&${gap}`);
}

/** Bytes in UTF-8, as limits on the wire are counted. */
export function bytesOf(text: string): number {
  let bytes = 0;
  // By index: every body is measured again after each cut, and an iterator takes five times as long.
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (isPair(code, text.charCodeAt(i + 1))) {
      bytes += 4;
      i += 1;
    } else bytes += 3;
  }
  return bytes;
}

function isPair(code: number, next: number): boolean {
  return code >= 0xd800 && code < 0xdc00 && next >= 0xdc00 && next < 0xe000;
}
