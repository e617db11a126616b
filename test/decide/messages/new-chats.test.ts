import fc from 'fast-check';
import { expect, test } from 'vitest';
import { render } from '../../../lib/decide/messages/render.ts';
import { openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import { aDelivery, overFacts, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';
import { runs } from '../../support/runs.ts';

const to = (kind: 'googlechat' | 'ntfy') => ({ name: 'ops', kind, format: 'json', zone: 'Europe/Berlin' }) as const;

// developers.google.com/workspace/chat/format-messages: <users/…> mentions, <url|text> and [text](url) are links.
const calls = /<(?:users\/|https?:)[^>]*>|\[[^\]]*\]\([^)]*\)/;

test('nobody is called in Google Chat by a name', () => {
  const nasty = fc.array(
    fc.constantFrom('<users/all>', '<users/1>', '<https://e.test|x>', '[x](https://e.test)', '*', '_', 'a '),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(nasty, fc.boolean(), (parts, plain) => {
      const facts = someFacts({ text: parts.join(''), fix: parts.join(' '), facts: { error: parts.join('') } });
      const delivery = aDelivery('ops', 1, { facts });
      const batch = { ...openBatch('ops', delivery, start, sha256), members: [toMember(delivery)], plain };
      for (const item of [{ ...delivery, plain }, batch]) {
        expect((JSON.parse(render(item, to('googlechat'))) as { text: string }).text).not.toMatch(calls);
      }
    }),
    runs(30),
  );
});

test('Google Chat has one thread for an incident', () => {
  const threads = [someFacts(), overFacts()].map((facts, n) => {
    const body = render(aDelivery('ops', 1, { sequence: n + 1, facts }), to('googlechat'));
    return (JSON.parse(body) as { thread: { threadKey: string } }).thread.threadKey;
  });
  expect(new Set(threads).size).toBe(1);
});

test.each([
  ['critical', 'open', 5, 'rotating_light'],
  ['warning', 'open', 4, 'warning'],
  ['info', 'notice', 3, 'information_source'],
  ['critical', 'resolve', 3, 'white_check_mark'],
] as const)('ntfy tells %s %s with priority %i', (severity, what, priority, tag) => {
  const facts = what === 'resolve' ? overFacts({ severity }) : someFacts({ severity, what });
  expect(JSON.parse(render(aDelivery('ops', 1, { facts }), to('ntfy')))).toMatchObject({ priority, tags: [tag] });
});
