import { describe, expect, test } from 'vitest';
import { render } from '../../../lib/decide/messages/render.ts';
import { targetOf } from '../../../lib/decide/messages/targets.ts';
import { openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';
import { aDelivery, overFacts, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';

const minute = 60_000;
const target = (kind: DestinationConfig['kind'], format: DestinationConfig['format'] = 'json') => {
  return { name: 'ops', kind, format, zone: 'UTC' };
};
const iso = (at: number) => new Date(at).toISOString();

describe('a mail in HTML', () => {
  const named = '<img src=x onerror=alert(1)> & "dev"';

  test('holds no markup of a name, in a storm', () => {
    const members = [1, 2, 3].map((n) => toMember(aDelivery('ops', n, { facts: someFacts({ text: named }) })));
    const batch = { ...openBatch('ops', aDelivery('ops', 1), start, sha256), members };
    const { html } = JSON.parse(render(batch, target('email'))) as { readonly html: string };
    expect(html).not.toContain('<img');
    expect(html.match(/&lt;img src=x onerror=alert\(1\)&gt; &amp; /gu)).toHaveLength(3);
  });

  test('links to the address as it is', () => {
    const links = [{ label: 'Keep <2h>', url: 'https://l.test/a&b/keep/x' }];
    const body = render(aDelivery('ops', 1, { facts: someFacts({ links }) }), target('email'));
    const { html } = JSON.parse(body) as { readonly html: string };
    expect(html).toContain('<a href="https://l.test/a&amp;b/keep/x">Keep &lt;2h&gt;</a>');
  });
});

test('PagerDuty hears since when it has been wrong', () => {
  const facts = someFacts({ since: start - 25 * minute, at: start });
  const { payload } = JSON.parse(render(aDelivery('ops', 1, { facts }), target('pagerduty'))) as {
    readonly payload: { readonly timestamp: string };
  };
  expect(payload.timestamp).toBe(iso(start - 25 * minute));
});

test('a notice for Alertmanager’s receivers is over when it begins', () => {
  const facts = someFacts({ what: 'notice', kind: 'started', since: start - minute, at: start });
  const { alerts } = JSON.parse(render(aDelivery('ops', 1, { facts }), target('webhook', 'alertmanager-v4'))) as {
    readonly alerts: readonly object[];
  };
  const since = iso(start - minute);
  expect(alerts).toMatchObject([{ status: 'resolved', startsAt: since, endsAt: since }]);
});

test('a topic’s filters see the severity of now, not the worst', () => {
  const facts = someFacts({ severity: 'warning', worst: 'critical' });
  const { attributes } = JSON.parse(render(aDelivery('ops', 1, { facts }), target('sns'))) as {
    readonly attributes: object;
  };
  expect(attributes).toEqual({ kind: 'cluster.error', severity: 'warning', what: 'open' });
});

test.each([
  ['warning', 'warning'],
  ['warning', 'critical'],
] as const)('an end says how bad it was: %s, at worst %s', (severity, worst) => {
  const body = render(aDelivery('ops', 1, { facts: overFacts({ severity, worst }) }), target('webhook', 'text'));
  expect(body).toContain(`Worst: ${worst}`);
});

describe('an answer', () => {
  const answer = { status: 200, body: '', contentType: 'text/plain', retryAfterMs: undefined };

  test.each([408, 425, 500, 502])('of %i leaves it open whether the message was taken', (status) => {
    for (const kind of ['webhook', 'mattermost', 'googlechat', 'ntfy'] as const)
      expect(targetOf(kind).classify({ ...answer, status }).kind).toBe('unknown');
  });

  test.each([200, 429])('of Teams with %i that names 429 is a wait as long as it asks for', (status) => {
    const body = 'Microsoft Teams endpoint returned HTTP error 429 with ContextId x';
    const outcome = targetOf('teams').classify({ ...answer, status, body, retryAfterMs: 90_000 });
    expect(outcome).toMatchObject({ kind: 'wait', retryAfterMs: 90_000 });
  });
});
