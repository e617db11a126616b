import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderAlerts } from '../../../lib/decide/messages/alertmanager.ts';
import { render } from '../../../lib/decide/messages/render.ts';
import { openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import { aDelivery, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';

const written = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
const targets = [
  ['slack', 'json'],
  ['mattermost', 'json'],
  ['discord', 'json'],
  ['teams', 'json'],
  ['pagerduty', 'json'],
  ['webhook', 'alertmanager-v4'],
] as const;

const facts = someFacts({
  what: 'update',
  text: 'Lamplighter was off from 2026-11-23T05:00:00Z to 2026-11-23T06:30:00Z',
  fix: 'wait until 2026-11-23T06:30Z',
  did: 'asked for 3 at 2026-11-23T05:10:11.123Z',
  facts: { from: '2026-11-23T05:00:00Z' },
});

/** What stands in machines' own fields (startsAt, timestamp) is theirs. */
function toldIn(body: string): string {
  return body.replace(/"(startsAt|endsAt|timestamp)":"[^"]*"/g, '');
}

describe('every time that people read is in their zone, with its name', () => {
  test.each(targets)('%s (%s)', (kind, format) => {
    for (const plain of [false, true]) {
      const body = toldIn(
        render(aDelivery('ops', 1, { facts, plain }), { name: 'ops', kind, format, zone: 'America/New_York' }),
      );
      expect(body).not.toMatch(written);
      expect(body).toMatch(/00:00 [A-Z-+0-9]+ \(America\/New\\{0,2}_York\)/);
    }
  });

  test.each(targets.slice(0, 4))('a batch for %s', (kind, format) => {
    const members = [toMember(aDelivery('ops', 1, { facts }))];
    const batch = { ...openBatch('ops', aDelivery('ops', 0), start, sha256), members };
    const body = render(batch, { name: 'ops', kind, format, zone: 'Europe/Berlin' });
    expect(body).not.toMatch(written);
    expect(body).toContain('06:00 CET');
  });

  test('what Alertmanager is sent', () => {
    const [alert] = renderAlerts([{ key: 'k', facts }], start, 'Europe/Berlin');
    expect(JSON.stringify(alert?.annotations)).not.toMatch(written);
    expect(alert?.startsAt).toMatch(written);
  });

  test.each(['json', 'cloudevents'] as const)('sentences of %s; its named values stay in UTC', (format) => {
    const target = { name: 'ops', kind: 'webhook', format, zone: 'Europe/Berlin' } as const;
    const { data } = JSON.parse(render(aDelivery('ops', 1, { facts }), target)) as { data: { [name: string]: string } };
    for (const name of ['text', 'fix', 'did']) expect(data[name]).toContain('(Europe/Berlin)');
    expect(data.facts).toEqual({ from: '2026-11-23T05:00:00Z' });
    expect(data.since).toMatch(written);
  });
});

test('what is to be typed stays as it is, and so does a day', () => {
  const text = 'run: lamplighter scale a/b --exactly 3 --until 2026-11-23T06:30:00Z; it ends on 2026-12-05';
  const body = render(aDelivery('ops', 1, { facts: someFacts({ text }) }), {
    name: 'ops',
    kind: 'pagerduty',
    format: 'json',
    zone: 'Europe/Berlin',
  });
  expect(body).toContain(text);
});

test('the night with two 02:30 tells them apart', () => {
  const [first, second] = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].map((at) =>
    render(aDelivery('ops', 1, { facts: someFacts({ text: `since ${at}` }) }), {
      name: 'ops',
      kind: 'pagerduty',
      format: 'json',
      zone: 'Europe/Berlin',
    }),
  );
  expect(first).toContain('02:30 CEST (Europe/Berlin)');
  expect(second).toContain('02:30 CET (Europe/Berlin)');
});

test('no cut of a batch line leaves half an instant', () => {
  fc.assert(
    fc.property(fc.nat(130), fc.nat(1_000), (before, minutes) => {
      const at = new Date(start + minutes * 60_000).toISOString();
      const text = `${'x'.repeat(before)} ${at} and so on, ${'y'.repeat(100)}`;
      const short = toMember(aDelivery('ops', 1, { facts: someFacts({ text }) })).facts.text;
      expect(short.length).toBeLessThanOrEqual(100);
      expect(short.replace(at, '')).not.toMatch(/\d{4}-\d{2}-\d{2}T/);
      expect(short).toMatch(/… \(cut\)$/);
    }),
  );
});
