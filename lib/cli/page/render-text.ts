import { html } from 'hono/html';
import { printable } from '../../model/printable.ts';
import { wholeNumber } from '../../model/text.ts';

export type Html = ReturnType<typeof html>;

/** A text from the store as it may be shown: nothing in it turns the direction of writing, no secret is left in it. */
export type Say = (text: string) => string;

export function makeSay(clean: (text: string) => string): Say {
  return (text) => printable(clean(text));
}

/** A command to copy: the script adds the button. */
export function command(text: string): Html {
  return html`<code class="cmd">${text}</code>`;
}

/** The same where only few words have room: the button says what it copies, and without script the command stands there. */
export function hiddenCommand(text: string, words: string): Html {
  return html`<code class="cmd short" data-words="${words}">${text}</code>`;
}

const commands = /lamplighter (?:[\w-]+)(?: (?:"[^"]*"|[^\s,;"]+))*/gu;

/** A sentence with the commands in it as such; what goes on after a comma is text again. */
export function withCommands(sentence: string): Html {
  const parts: Html[] = [];
  let end = 0;
  for (const { 0: found, index } of sentence.matchAll(commands)) {
    parts.push(html`${sentence.slice(end, index)}${command(found)}`);
    end = index + found.length;
  }
  return html`${parts}${sentence.slice(end)}`;
}

/** "1 pool", "2,000 pools". */
export function many(count: number, noun: string): string {
  return `${wholeNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}
