import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, clean, escapeCard, escapeMarkdown, shorten } from '../../../lib/decide/messages/escape.ts';
import { tellDuration, tellTime } from '../../../lib/decide/messages/message.ts';
import { render } from '../../../lib/decide/messages/render.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';
import { anyNoise, anyText } from '../../support/any-text.ts';
import { aDelivery, overFacts, someFacts, start } from '../../support/receivers/outbox-world.ts';
import { isCloudEvent } from '../../support/receivers/targets.ts';

type Target = Pick<DestinationConfig, 'name' | 'kind' | 'format' | 'zone'>;
const kinds = ['slack', 'teams', 'discord', 'mattermost', 'pagerduty', 'webhook'] as const;
const target = (kind: Target['kind'], format: Target['format'] = 'json'): Target => {
  return { name: 'ops', kind, format, zone: 'Europe/Berlin' };
};

describe('a chat message says', () => {
  const facts = someFacts({
    kind: 'pool.late',
    subject: { kind: 'pool', region: 'r1', clusterId: 'c', poolId: 'p', cluster: 'dev-1', pool: 'workers' },
    text: 'pool dev-1/workers has 1 node of 3, 20 min after its time',
    did: 'PUT size 1 → 3 at 06:40',
    fix: 'look for the quota of the project',
    facts: { size: 1, wanted: 3 },
  });
  test.each(['slack', 'teams', 'discord', 'mattermost'] as const)(
    '%s: what, where, since when, done, to do',
    (kind) => {
      const body = render(aDelivery('ops', 1, { facts }), target(kind)).replaceAll('\\\\', '');
      expect(body).toContain('CRITICAL: pool dev-1/workers has 1 node of 3');
      expect(body).toContain('node pool workers of cluster dev-1, region r1');
      expect(body).toContain('Mon 23 Nov 2026, 06:55 CET (Europe/Berlin)');
      expect(body).toMatch(/PUT size 1 (→|\\u2192) 3/);
      expect(body).toContain('look for the quota of the project');
      expect(body).toContain('wanted');
    },
  );
  test.each(['slack', 'teams', 'discord', 'mattermost'] as const)('%s: that it is over, since, until, why', (kind) => {
    const body = render(aDelivery('ops', 1, { facts: overFacts() }), target(kind)).replaceAll('\\\\', '');
    expect(body).toContain('Resolved: cluster dev-1 is in status Error');
    expect(body).toContain('07:10 CET (Europe/Berlin) (after 15 min)');
    expect(body).toContain('recovered');
    expect(body).not.toContain('look at the cluster');
  });
});

describe('a name', () => {
  const hostile = '<!channel> @everyone @channel @here [x](https://evil.test) *b* <@U1> & \u0007 | `c`';
  const body = (kind: Target['kind'], plain = false) => {
    const facts = someFacts({
      text: hostile,
      subject: { kind: 'cluster', region: hostile, clusterId: 'c', cluster: hostile },
      fix: hostile,
      facts: { [hostile]: hostile },
    });
    return render(aDelivery('ops', 1, { plain, facts }), target(kind));
  };
  test.each([false, true])('pages nobody in Slack (plain: %s)', (plain) => {
    const tree = JSON.parse(body('slack', plain)) as { text: string };
    const parsed = JSON.stringify({ ...tree, blocks: parsedParts(tree) });
    expect(parsed).not.toMatch(/<[!@#h]/);
    expect(parsed).toContain('&lt;!channel&gt;');
  });
  test.each([false, true])('pages nobody in Discord (plain: %s)', (plain) => {
    expect(JSON.parse(body('discord', plain))).toMatchObject({ allowed_mentions: { parse: [] } });
    expect(body('discord', plain)).not.toContain('[x](');
  });
  test.each([false, true])('pages nobody in Mattermost (plain: %s)', (plain) => {
    expect(body('mattermost', plain)).not.toMatch(/@(everyone|channel|here|all)/);
    expect(body('mattermost', plain)).not.toContain('[x](');
  });
  test.each([false, true])('links nowhere in Teams (plain: %s)', (plain) => {
    // The fallback is shown as it is, by what cannot show a card.
    const shown = body('teams', plain).replace(/"fallbackText":"(?:[^"\\]|\\.)*",/, '');
    const texts = textsOf(JSON.parse(shown));
    expect(texts.filter((text) => /(?<!\\)\[x(?<!\\)\]/.test(text))).toEqual([]);
    expect(body('teams', plain)).not.toContain('"entities"');
  });
  test('shows no control characters to people', () => {
    const forPeople = kinds.filter((kind) => kind !== 'webhook');
    for (const kind of forPeople) expect(textsOf(JSON.parse(body(kind))).join('')).not.toContain('\u0007');
  });
  test('of any kind keeps the tree whole', () => {
    fc.assert(
      fc.property(anyNoise({ maxLength: 300 }), fc.constantFrom(...kinds), fc.boolean(), (text, kind, plain) => {
        const facts = someFacts({ text, fix: text, facts: { a: text, [text]: 'b' } });
        const out = render(aDelivery('ops', 1, { plain, facts }), target(kind));
        expect(JSON.parse(out)).toBeTypeOf('object');
        expect(out.isWellFormed()).toBe(true);
      }),
    );
  });
});

/** What Slack reads as mrkdwn: plain_text is shown as it is. */
function parsedParts(tree: unknown): unknown {
  return JSON.parse(JSON.stringify((tree as { blocks?: unknown[] }).blocks ?? []), (_, value: unknown) => {
    const isPlain = typeof value === 'object' && value !== null && 'type' in value && value.type === 'plain_text';
    return isPlain ? null : value;
  });
}

function textsOf(tree: unknown): readonly string[] {
  if (typeof tree === 'string') return [tree];
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([name, value]) => [name, ...textsOf(value)]);
}

test('the json event has its documented shape', () => {
  const delivery = aDelivery('ops', 1, { facts: overFacts({ facts: { size: 3 }, did: 'nothing' }) });
  expect(JSON.parse(render(delivery, target('webhook')))).toEqual({
    type: 'lamplighter.incident.resolved',
    timestamp: '2026-11-23T06:00:00.000Z',
    data: {
      id: delivery.id,
      incident: `${delivery.key}.${delivery.episode}`,
      status: 'resolved',
      kind: 'cluster.error',
      severity: 'critical',
      worst: 'critical',
      subject: { kind: 'cluster', region: 'r1', clusterId: 'c-1', cluster: 'dev-1' },
      text: 'cluster dev-1 is in status Error',
      since: '2026-11-23T05:55:00.000Z',
      until: '2026-11-23T06:10:00.000Z',
      cause: 'recovered',
      did: 'nothing',
      fix: 'look at the cluster in the dashboard',
      facts: { size: 3 },
    },
  });
});

test('CloudEvents are valid, one per delivery', () => {
  for (const what of ['open', 'update', 'reminder', 'resolve', 'notice'] as const) {
    const delivery = aDelivery('ops', 1, { facts: someFacts({ what }) });
    const event = JSON.parse(render(delivery, target('webhook', 'cloudevents'))) as { id: string };
    expect(isCloudEvent(event)).toBe(true);
    expect(event.id).toBe(delivery.id);
  }
});

test('a notice leaves nothing firing', () => {
  const notice = aDelivery('ops', 1, { facts: someFacts({ what: 'notice', kind: 'started' }) });
  expect(JSON.parse(render(notice, target('webhook', 'alertmanager-v4')))).toMatchObject({ status: 'resolved' });
  expect(JSON.parse(render(notice, target('pagerduty')))).toMatchObject({ event_action: 'resolve' });
});

test('the same episode has one key at PagerDuty, the next another', () => {
  const keyOf = (episode: number, facts = someFacts()) => {
    return (JSON.parse(render(aDelivery('ops', 1, { episode, facts }), target('pagerduty'))) as { dedup_key: string })
      .dedup_key;
  };
  expect(keyOf(1)).toBe(keyOf(1, overFacts()));
  expect(keyOf(1)).not.toBe(keyOf(2));
});

test('rendering is pure', () => {
  for (const kind of kinds)
    expect(render(aDelivery('ops', 1), target(kind))).toBe(render(aDelivery('ops', 1), target(kind)));
});

describe('times', () => {
  test.each([
    [Date.UTC(2026, 6, 1, 22, 30), 'Europe/Berlin', 'Thu 2 Jul 2026, 00:30 CEST (Europe/Berlin)'],
    [Date.UTC(2026, 10, 23, 6, 0), 'UTC', 'Mon 23 Nov 2026, 06:00 UTC'],
    [Date.UTC(2026, 9, 25, 0, 30), 'Europe/Berlin', 'Sun 25 Oct 2026, 02:30 CEST (Europe/Berlin)'],
    [Date.UTC(2026, 9, 25, 1, 30), 'Europe/Berlin', 'Sun 25 Oct 2026, 02:30 CET (Europe/Berlin)'],
  ])('%i in %s', (at, zone, expected) => {
    expect(
      tellTime(at, zone)
        .replace(/GMT\+2/, 'CEST')
        .replace(/GMT\+1/, 'CET'),
    ).toBe(expected);
  });
  test.each([
    [0, 'less than a minute'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [3_660_000, '1 h 1 min'],
    [86_400_000, '1 day'],
    [200_000_000, '2 days 7 h'],
    [-5, 'less than a minute'],
  ])('%i ms', (ms, expected) => {
    expect(tellDuration(ms)).toBe(expected);
  });
});

test('Markdown is shown as it is, and words stay readable', () => {
  expect(escapeMarkdown('gpu_workers (5 min) _x_ [a](b) **b** <@1>')).toBe(
    'gpu_workers (5 min) \\_x\\_ \\[a\\](b) \\*\\*b\\*\\* \\<@1>',
  );
  expect(['# a', '- a', '1. a', 'a - b'].map(escapeCard)).toEqual(['\\# a', '\\- a', '\\1. a', 'a - b']);
});

describe('text', () => {
  test.each([
    ['abcde', 5, 'abcde'],
    ['abcdef', 5, 'abcd…'],
    ['a😀b', 3, 'a…'],
    ['abc', 0, ''],
  ])('%s in %i', (text, length, expected) => {
    expect(shorten(text, length)).toBe(expected);
  });
  test('is never longer, never broken', () => {
    fc.assert(
      fc.property(anyText(), fc.nat(40), (text, length) => {
        const short = shorten(text, length);
        expect(short.length).toBeLessThanOrEqual(Math.max(length, 0));
        expect(short.isWellFormed()).toBe(true);
        expect(bytesOf(text)).toBe(Buffer.byteLength(text));
      }),
    );
  });
  test('loses line breaks and direction marks', () => {
    expect(clean(' a\r\n\u202Eb\u2066\u0000c\ud800 ')).toBe('a b c\ufffd');
  });
  test('the start is Berlin’s morning', () => {
    expect(tellTime(start, 'Europe/Berlin')).toContain('07:00');
  });
});
