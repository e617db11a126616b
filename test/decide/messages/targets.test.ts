import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { targetOf } from '../../../lib/decide/messages/targets.ts';
import { type DestinationKind, destinationKinds, isChat, rulesOf } from '../../../lib/model/destination-kind.ts';

const kinds = Object.keys(destinationKinds) as DestinationKind[];
const chats = kinds.filter(isChat);

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** The code without what is only said: comments, and names inside longer texts. */
function codeOf(file: string): string {
  return readFileSync(file, 'utf8')
    .replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '')
    .replace(/`[^`]*`/g, '``');
}

const code = new Map([...sourcesBelow('lib'), ...sourcesBelow('functions')].map((file) => [file, codeOf(file)]));

/** Where a kind stands as a name of the code: a key, a value, a variable, a file. */
function filesNaming(kind: string): string[] {
  const asName = new RegExp(`'${kind}'|^\\s*(?:'${kind}'|${kind})\\s*[:,]|const ${kind}\\b|/${kind}\\.ts'`, 'm');
  return [...code].flatMap(([file, text]) => (asName.test(text) ? [file] : [])).sort();
}

describe('a target is one entry', () => {
  test.each(kinds)('%s has a pace, a rendering and its answers', (kind) => {
    const { pace, render, classify } = targetOf(kind);
    expect(pace.burst).toBeGreaterThanOrEqual(1);
    expect(pace.everyMs).toBeGreaterThan(0);
    expect(typeof render).toBe(isChat(kind) ? 'object' : 'function');
    const [later, means] = rulesOf(kind).speaks === 'smtp' ? [450, 'not-sent'] : [429, 'wait'];
    expect(classify({ status: later, body: '', contentType: '', retryAfterMs: 1_000 }).kind).toBe(means);
  });

  // What speaks another way than HTTP has a way of its own besides.
  test.each(chats.filter((kind) => rulesOf(kind).speaks === undefined))('the chat %s stands in three files', (kind) => {
    expect(filesNaming(kind)).toEqual(
      [`lib/decide/messages/${kind}.ts`, 'lib/decide/messages/targets.ts', 'lib/model/destination-kind.ts'].sort(),
    );
  });
});
