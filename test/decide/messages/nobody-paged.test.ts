import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Delivery, DeliveryFacts } from '../../../lib/decide/incidents/delivery.ts';
import { renderAlerts } from '../../../lib/decide/messages/alertmanager.ts';
import { render } from '../../../lib/decide/messages/render.ts';
import { openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import type { Subject } from '../../../lib/model/finding.ts';
import { aDelivery, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';
import { runs } from '../../support/runs.ts';

// Who would be paged by a message: each target's own rules, written anew, and rather too strict than too lenient.

type Tree = string | number | boolean | null | readonly Tree[] | { readonly [name: string]: Tree };

/** Every string of a body with the names of the keys above it. */
function stringsOf(tree: Tree, path: readonly string[] = []): readonly { path: readonly string[]; text: string }[] {
  if (typeof tree === 'string') return [{ path, text: tree }];
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([name, value]) => stringsOf(value, [...path, name]));
}

/** docs.slack.dev, "Formatting message text": whatever stands between < and > is special if it begins with ! @ or #. */
function slackPages(body: Tree): readonly string[] {
  return stringsOf(body).flatMap(({ text }) => {
    const found: string[] = [];
    for (let from = text.indexOf('<'); from >= 0; from = text.indexOf('<', from + 1)) {
      const to = text.indexOf('>', from);
      if (to > from && '!@#'.includes(text.charAt(from + 1))) found.push(text.slice(from, to + 1));
    }
    return found;
  });
}

/**
 * Mattermost's incoming webhooks: Slack's announcements and ids become its own first (server: model, slack_attachment and
 * its ProcessSlackText), wherever they stand; then the text is cut into words, and a word after an @ is somebody.
 */
function mattermostPages(body: Tree): readonly string[] {
  return stringsOf(body).flatMap(({ text }) => {
    const expanded = text
      .replaceAll('<!channel>', '@channel')
      .replaceAll('<!here>', '@here')
      .replaceAll('<!all>', '@all')
      .replace(/<@([A-Za-z0-9]+)>/g, '@$1');
    const words = expanded.split(/[^\p{L}\p{N}:.\-_@]+/u);
    return words.flatMap((word) => word.split(/[.:-]/)).filter((word) => /@[\p{L}\p{N}_]/u.test(word));
  });
}

/** Discord pings only from `content`, and only what `allowed_mentions` lets through; without it everything. */
function discordPages(body: Tree): readonly string[] {
  const { content = '', allowed_mentions: allowed } = body as {
    content?: string;
    allowed_mentions?: { parse: string[] };
  };
  const kinds = allowed?.parse ?? ['everyone', 'users', 'roles'];
  const found = {
    everyone: content.match(/@(everyone|here)/g) ?? [],
    users: content.match(/<@!?\d+>/g) ?? [],
    roles: content.match(/<@&\d+>/g) ?? [],
  };
  return kinds.flatMap((kind) => found[kind as keyof typeof found]);
}

/** Teams mentions whoever stands in <at>, with an entity or through a flow that makes one; a card evaluates two functions. */
function teamsPages(body: Tree): readonly string[] {
  const strings = stringsOf(body);
  const tags = strings.flatMap(({ text }) => text.match(/<\s*\/?\s*at\b[^>]*>/gi) ?? []);
  const functions = strings.flatMap(({ text }) => text.match(/\{\{\s*(?:DATE|TIME)\([^)]*\)\}\}/g) ?? []);
  return [...tags, ...functions, ...strings.filter(({ path }) => path.includes('entities')).map(({ text }) => text)];
}

/** Google Chat: <users/all>, <users/id>, and <address|text> as a link; whatever begins with < and a letter is suspect. */
function googlechatPages(body: Tree): readonly string[] {
  return stringsOf(body).flatMap(({ text }) => text.match(/<(?=[\p{L}\p{N}/])[^>\n]*>?/gu) ?? []);
}

/** ntfy mails, calls or opens something by fields beside the text: none but our own may be there (docs.ntfy.sh/publish). */
function ntfyPages(body: Tree): readonly string[] {
  const known = ['topic', 'title', 'message', 'priority', 'tags', 'actions'];
  return Object.keys(body as { [name: string]: Tree }).filter((name) => !known.includes(name));
}

/** PagerDuty pages by the event's own fields: nothing in a text may become another field. */
function pagerdutyPages(body: Tree): readonly string[] {
  const { event_action, dedup_key, payload, ...rest } = body as { [name: string]: Tree };
  const { severity } = (payload ?? { severity: 'info' }) as { severity: string };
  const isOurs =
    /^"(trigger|resolve)"$/.test(JSON.stringify(event_action)) &&
    /^"[0-9a-f]{64}\.\d+"$/.test(JSON.stringify(dedup_key));
  const isKnown =
    ['critical', 'warning', 'info'].includes(severity) && Object.keys(rest).every((key) => key === 'client');
  return isOurs && isKnown ? [] : [JSON.stringify(body)];
}

/** What Alertmanager passes on to chats by its templates, which escape nothing. Labels identify: they stay as they are. */
function annotationsPage(body: Tree): readonly string[] {
  const told = stringsOf(body).filter(({ path }) => path.some((name) => /annotations/i.test(name)));
  return told.flatMap(({ text }) => [...slackPages(text), ...passedOnPages(text), ...teamsPages(text)]);
}

/**
 * What a text may do that is passed on to any chat: Slack with `link_names`, Matrix, Rocket.Chat and Zulip (`@**all**`)
 * mention whoever stands behind an @; Slack and Google Chat make links and mentions of what stands between < and >.
 */
function passedOnPages(body: Tree): readonly string[] {
  return stringsOf(body).flatMap(({ text }) => text.match(/@(?=[\p{L}\p{N}_*])|<(?=\s*[!@#/\p{L}])/gu) ?? []);
}

const hostile = [
  '<!channel>',
  '<!here>',
  '<!all>',
  '<!here|here>',
  '<!everyone>',
  '<!subteam^S0123>',
  '<@U0123ABC>',
  '<#C0123|general>',
  '<!channel',
  '\\<!channel>',
  '&lt;!channel&gt;',
  '<https://example.org|@here>',
  '@channel',
  '@here',
  '@all',
  '@everyone',
  '@ada',
  '@**all**',
  '{{DATE(2026-01-01T00:00:00Z,SHORT)}}',
  '{{TIME(2026-01-01T00:00:00Z)}}',
  '<https://example.org|x>',
  '<@1234567890>',
  '<@&1234567890>',
  '<at>Ada</at>',
  '<users/all>',
  '<users/123>',
  '<users/',
  '<AT id="0">Ada</AT>',
  '<at>ada@example.org</at>',
  '[x](mailto:ada@example.org)',
  '","event_action":"trigger"',
  '`',
  '```',
  '\\',
  '*',
  '_',
  '<',
  '>',
  '!channel>',
  '@',
  '|',
  '&',
  ' ',
  '\n- ',
  '😀',
  '\u200B',
  '\u202E',
];
const piece = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...hostile) }, fc.string({ maxLength: 12 }));
const filling = fc.constantFrom('', 'node '.repeat(30), 'error '.repeat(400), '<'.repeat(200), '@'.repeat(400));
const words = fc
  .tuple(filling, fc.array(piece, { minLength: 1, maxLength: 6 }), filling, fc.array(piece, { maxLength: 3 }))
  .map(([before, first, between, last]) => [before, ...first, between, ...last].join(''));

const subject: fc.Arbitrary<Subject> = fc.oneof(
  words.map((region): Subject => ({ kind: 'region', region })),
  fc.tuple(words, words).map(([region, cluster]): Subject => ({ kind: 'cluster', region, clusterId: 'c', cluster })),
  fc
    .tuple(words, words, words)
    .map(([region, cluster, pool]): Subject => ({ kind: 'pool', region, clusterId: 'c', poolId: 'p', cluster, pool })),
  words.map((destination): Subject => ({ kind: 'destination', destination })),
  words.map((reference): Subject => ({ kind: 'secret', reference })),
  words.map((path): Subject => ({ kind: 'config', path })),
);

const facts: fc.Arbitrary<DeliveryFacts> = fc
  .record({
    what: fc.constantFrom('open', 'update', 'reminder', 'resolve', 'notice'),
    severity: fc.constantFrom('critical', 'warning', 'info'),
    subject,
    text: words,
    fix: fc.option(words, { nil: undefined }),
    did: fc.option(words, { nil: undefined }),
    cause: fc.option(words, { nil: undefined }),
    facts: fc.dictionary(words, fc.oneof(words, fc.integer()), { maxKeys: 4 }),
  })
  .map((patch) => someFacts(patch as Partial<DeliveryFacts>));

const targets = [
  ['slack', 'json', slackPages],
  ['mattermost', 'json', mattermostPages],
  ['discord', 'json', discordPages],
  ['teams', 'json', teamsPages],
  ['googlechat', 'json', googlechatPages],
  ['ntfy', 'json', ntfyPages],
  ['pagerduty', 'json', pagerdutyPages],
  ['webhook', 'alertmanager-v4', annotationsPage],
  ['webhook', 'text', passedOnPages],
] as const;

describe('nobody is paged by a name or an error text', () => {
  test.each(targets)('in one message for %s (%s), rich or plain', (kind, format, pages) => {
    fc.assert(
      fc.property(facts, fc.boolean(), (one, plain) => {
        const delivery: Delivery = aDelivery('ops', 1, { facts: one, plain });
        const body = render(delivery, { name: '<!channel>', kind, format, zone: 'Europe/Berlin' });
        expect(pages(format === 'text' ? body : (JSON.parse(body) as Tree))).toEqual([]);
      }),
      runs(15),
    );
  });

  test.each(targets.slice(0, 6))('in a batch for %s (%s), rich or plain', (kind, format, pages) => {
    fc.assert(
      fc.property(fc.array(facts, { minLength: 1, maxLength: 9 }), fc.boolean(), (all, plain) => {
        const members = all.map((one, n) => toMember(aDelivery('ops', n, { facts: one })));
        const batch = { ...openBatch('ops', aDelivery('ops', 0), start, sha256), members, plain };
        const body = render(batch, { name: 'ops', kind, format, zone: 'Europe/Berlin' });
        expect(pages(JSON.parse(body) as Tree)).toEqual([]);
      }),
      runs(12),
    );
  });

  test('in what Alertmanager is sent', () => {
    fc.assert(
      fc.property(facts, (one) => {
        const body = JSON.parse(
          JSON.stringify(renderAlerts([{ key: 'k', facts: one }], start, 'Europe/Berlin')),
        ) as Tree;
        expect(annotationsPage(body)).toEqual([]);
      }),
      runs(12),
    );
  });
});

describe('the rules would find it', () => {
  test.each([
    ['slack', slackPages({ blocks: [{ text: { text: 'a <!channel> b' } }] }), ['<!channel>']],
    ['mattermost', mattermostPages({ text: '\\<!channel> x' }), ['@channel']],
    ['mattermost by name', mattermostPages({ attachments: [{ text: 'hi (@ada)' }] }), ['@ada']],
    ['discord', discordPages({ content: '@everyone <@12>' }), ['@everyone', '<@12>']],
    ['teams', teamsPages({ attachments: [{ content: { fallbackText: '<at>Ada</at>' } }] }), ['<at>', '</at>']],
    ['googlechat', googlechatPages({ text: 'a <users/all> b' }), ['<users/all>']],
    ['ntfy', ntfyPages({ message: 'a', call: 'yes' }), ['call']],
    ['a text passed on', passedOnPages('hi @ada and < users/all>'), ['@', '<']],
    ['alertmanager', annotationsPage([{ annotations: { summary: '<!here>' } }]), ['<!here>', '<']],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected);
  });
});

describe('a long text is as harmless as a short one', () => {
  const marks = {
    slack: '<!channel>',
    mattermost: '@channel',
    discord: '[here](http://x.example)',
    teams: '**x** <at>y</at>',
    googlechat: '<users/all>',
  };
  const rows = Object.entries(marks).flatMap(([kind, mark]) =>
    [0, 60, 200, 400, 2_000].map((n) => [kind, n, mark] as const),
  );

  test.each(rows)('%s, after %s characters', (kind, length, mark) => {
    const text = `${'x'.repeat(length)} ${mark} ${'y'.repeat(length)}`;
    const one = aDelivery('ops', 1, { facts: someFacts({ text, fix: text, did: text, facts: { reason: text } }) });
    const batch = { ...openBatch('ops', one, start, sha256), members: [toMember(one), toMember(one)] };
    for (const item of [one, { ...one, plain: true }, batch, { ...batch, plain: true }]) {
      const body = render(item, { name: 'ops', kind: kind as 'slack', format: 'json', zone: 'UTC' });
      const strings = stringsOf(JSON.parse(body) as Tree).map((found) => found.text);
      expect(strings.filter((string) => string.includes(mark))).toEqual([]);
    }
  });
});
