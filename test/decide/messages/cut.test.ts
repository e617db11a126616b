import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { render } from '../../../lib/decide/messages/render.ts';
import { openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import { clip } from '../../../lib/model/text.ts';
import { anyText } from '../../support/any-text.ts';
import { aDelivery, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';
import { runs } from '../../support/runs.ts';

/** Words that stand nowhere else, so that each that is missing was cut. */
function words(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${name}${n}x`);
}

const says = /left out|shortened|characters of the text|\(cut\)|and \d+ more/;
const targets = [
  ['slack', 'json'],
  ['mattermost', 'json'],
  ['discord', 'json'],
  ['teams', 'json'],
  ['googlechat', 'json'],
  ['ntfy', 'json'],
  ['email', 'json'],
  ['pagerduty', 'json'],
  ['webhook', 'json'],
  ['webhook', 'cloudevents'],
  ['webhook', 'alertmanager-v4'],
  ['sns', 'json'],
  ['sns', 'cloudevents'],
  ['sns', 'alertmanager-v4'],
] as const;

const sizes = fc.tuple(
  fc.integer({ min: 1, max: 1_500 }),
  fc.integer({ min: 1, max: 400 }),
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 30 }),
  fc.integer({ min: 1, max: 300 }),
);

describe('a text that was cut says so', () => {
  test.each(targets)('%s (%s), rich or plain', (kind, format) => {
    fc.assert(
      fc.property(sizes, fc.boolean(), ([text, fix, did, facts, each], plain) => {
        const details = Object.fromEntries(
          Array.from({ length: facts }, (_, n) => [`name${n}`, words(`v${n}v`, each).join(' ')]),
        );
        const all = [...words('text', text), ...words('fix', fix), ...words('did', did)];
        const inDetails = Object.values(details).flatMap((value) => value.split(' '));
        const one = someFacts({
          text: words('text', text).join(' '),
          fix: words('fix', fix).join(' '),
          did: did === 0 ? undefined : words('did', did).join(' '),
          facts: details,
        });
        const rendered = render(aDelivery('ops', 1, { facts: one, plain }), { name: 'ops', kind, format, zone: 'UTC' });
        // What a topic passes on to its subscribers.
        const body = kind === 'sns' ? (JSON.parse(rendered) as { message: string }).message : rendered;
        const isWhole = [...all, ...inDetails].every((word) => body.includes(word));
        const { data } = JSON.parse(body) as { data?: { cut?: string } };
        const isSaid = data === undefined ? says.test(body) : data.cut !== undefined;
        expect(isSaid).toBe(!isWhole);
      }),
      runs(10),
    );
  });

  test.each(targets.slice(0, 7))('a batch for %s (%s), rich or plain', (kind, format) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (count, each, plain) => {
          const texts = Array.from({ length: count }, (_, n) => words(`m${n}m`, each));
          const members = texts.map((text, n) =>
            toMember(aDelivery('o', n, { facts: someFacts({ text: text.join(' ') }) })),
          );
          const batch = { ...openBatch('ops', aDelivery('ops', 0), start, sha256), members, plain };
          const body = render(batch, { name: 'ops', kind, format, zone: 'UTC' });
          const isWhole = texts.flat().every((word) => body.includes(word));
          expect(says.test(body)).toBe(!isWhole);
        },
      ),
      runs(10),
    );
  });
});

test('what the API’s own text was cut to is said in JSON too', () => {
  const text = `Cluster dev-1 is in Error: ${clip('quota '.repeat(100), 300)}`;
  expect(text).toMatch(/… \(cut\)$/);
  const target = { name: 'ops', kind: 'webhook', format: 'json', zone: 'UTC' } as const;
  const body = render(aDelivery('ops', 1, { facts: someFacts({ text }) }), target);
  expect((JSON.parse(body) as { data: { cut: string } }).data.cut).toContain('where it was read');
});

test('no clip is longer than asked, nor leaves half a character', () => {
  fc.assert(
    fc.property(anyText({ maxLength: 60 }), fc.integer({ min: 8, max: 40 }), (text, length) => {
      const short = clip(text, length);
      expect(short.length).toBeLessThanOrEqual(Math.max(length, 0));
      expect(short.isWellFormed()).toBe(true);
      expect(short === text || short.endsWith('… (cut)')).toBe(true);
    }),
  );
});
