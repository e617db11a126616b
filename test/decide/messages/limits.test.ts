import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../../lib/decide/incidents/delivery.ts';
import { alertmanagerBudget } from '../../../lib/decide/messages/alertmanager.ts';
import { discordLimits } from '../../../lib/decide/messages/discord.ts';
import { emailBudget, emailLimits } from '../../../lib/decide/messages/email.ts';
import { eventBudget } from '../../../lib/decide/messages/event.ts';
import { googlechatBudget } from '../../../lib/decide/messages/googlechat.ts';
import { mattermostBudget } from '../../../lib/decide/messages/mattermost.ts';
import { ntfyLimits } from '../../../lib/decide/messages/ntfy.ts';
import { pagerdutyBudget } from '../../../lib/decide/messages/pagerduty.ts';
import { render } from '../../../lib/decide/messages/render.ts';
import { slackBudget, slackLimits } from '../../../lib/decide/messages/slack.ts';
import { teamsBudget } from '../../../lib/decide/messages/teams.ts';
import { openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';
import { isChat } from '../../../lib/model/destination-kind.ts';
import { aDelivery, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';
import vectors from '../../vectors/alerts.json' with { type: 'json' };

type Target = Pick<DestinationConfig, 'name' | 'kind' | 'format' | 'zone'>;

function target(kind: Target['kind'], format: Target['format'] = 'json'): Target {
  return { name: 'ops', kind, format, zone: 'Europe/Berlin' };
}

const bytes = (body: string) => Buffer.byteLength(body);
const chars = (body: string) => body.length;

type Embeds = {
  embeds: {
    title: string;
    description?: string;
    fields?: { name: string; value: string }[];
    footer: { text: string };
  }[];
};

function embedded(body: string): number {
  const [embed] = (JSON.parse(body) as Embeds).embeds;
  const { title = '', description = '', fields = [], footer } = embed ?? { footer: { text: '' } };
  return [title, description, footer.text, ...fields.flatMap(({ name, value }) => [name, value])].join('').length;
}

/** The whole message's own limit per target, and how it is counted. */
const totals: readonly (readonly [string, Target, number, (body: string) => number])[] = [
  ['slack', target('slack'), slackBudget, chars],
  ['teams', target('teams'), teamsBudget, bytes],
  ['discord', target('discord'), discordLimits.total, embedded],
  ['mattermost', target('mattermost'), mattermostBudget, bytes],
  ['googlechat', target('googlechat'), googlechatBudget, bytes],
  ['ntfy', target('ntfy'), ntfyLimits.message, (body) => bytes((JSON.parse(body) as { message: string }).message)],
  ['email', target('email'), emailBudget, bytes],
  ['pagerduty', target('pagerduty'), pagerdutyBudget, bytes],
  ['webhook json', target('webhook'), eventBudget.json, bytes],
  ['webhook cloudevents', target('webhook', 'cloudevents'), eventBudget.cloudevents, bytes],
  ['webhook text', target('webhook', 'text'), eventBudget.text, bytes],
  ['webhook alertmanager-v4', target('webhook', 'alertmanager-v4'), alertmanagerBudget, bytes],
];

/** A message of which one detail can be made longer, character by character; the rest nearly fills the limit. */
function growing({ kind, format }: Target, limit: number): (length: number) => Delivery {
  // Slack's blocks have limits of their own: there the text and what to do fill the message.
  const isSlack = kind === 'slack';
  // Alertmanager's format and a mail show it twice; a field of Discord's takes 1,024 characters and no more.
  const each = 960 * (format === 'alertmanager-v4' || kind === 'email' ? 2 : 1);
  const count = isSlack ? 0 : Math.floor((limit - (kind === 'discord' ? 1_000 : 5_000)) / each);
  const filling = Object.fromEntries(Array.from({ length: count }, (_, n) => [`detail ${n}`, 'x'.repeat(900)]));
  const words = isSlack ? { text: 't'.repeat(2_900), fix: 'f'.repeat(2_000) } : { fix: 'f'.repeat(400) };
  return (length) =>
    aDelivery('ops', 1, { facts: someFacts({ ...words, facts: { ...filling, last: 'y'.repeat(length) } }) });
}

/** The longest last detail with which nothing is cut. */
function longestWhole(build: (length: number) => Delivery, to: Target): number {
  let [low, high] = [0, 100_000];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (isWhole(render(build(middle), to))) low = middle;
    else high = middle;
  }
  return low;
}

function isWhole(body: string): boolean {
  return !/left out|were shortened/.test(body);
}

describe.each(totals)('%s', (_, to, limit, measure) => {
  test('is whole up to its limit and cut beyond', () => {
    const build = growing(to, limit);
    const longest = longestWhole(build, to);
    const [below, at, above] = [-1, 0, 1].map((offset) => render(build(longest + offset), to)) as [
      string,
      string,
      string,
    ];
    expect([isWhole(below), isWhole(at), isWhole(above)]).toEqual([true, true, false]);
    // Some targets show a text twice: then a character more is two more.
    expect(measure(at)).toBeGreaterThan(limit - 3);
    expect(measure(at)).toBeLessThanOrEqual(limit);
    expect(measure(above)).toBeLessThanOrEqual(limit);
    for (const body of [below, at, above]) expect(keeps(body, build(0))).toBe(true);
  });

  test('says what it cut, never id, status or severity', () => {
    const facts = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`error ${n}`, 'é'.repeat(30_000)]));
    const delivery = aDelivery('ops', 1, { facts: someFacts({ text: `pool ${'w'.repeat(400)}`, facts }) });
    const body = render(delivery, to);
    expect(measure(body)).toBeLessThanOrEqual(limit);
    expect(body).toMatch(/left out: \d+ details?|details were shortened/);
    expect(keeps(body, delivery)).toBe(true);
  });

  test('a megabyte of text is cut, not refused', () => {
    const facts = someFacts({
      text: `😀${'long '.repeat(200_000)}`,
      fix: 'f'.repeat(100_000),
      facts: { error: 'e'.repeat(100_000) },
    });
    const delivery = aDelivery('ops', 1, { facts });
    const body = render(delivery, to);
    expect(measure(body)).toBeLessThanOrEqual(limit);
    expect(keeps(body, delivery)).toBe(true);
    expect(body.isWellFormed()).toBe(true);
  });

  test('is plainer and smaller after it was refused', () => {
    const facts = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`error ${n}`, 'é'.repeat(500)]));
    const delivery = aDelivery('ops', 1, { facts: someFacts({ facts }) });
    const plain = render({ ...delivery, plain: true }, to);
    expect(plain.length).toBeLessThan(render(delivery, to).length);
    expect(keeps(plain, delivery)).toBe(true);
  });
});

function keeps(body: string, { id, facts }: Delivery): boolean {
  return body.includes(id) && body.toLowerCase().includes(facts.severity) && body.includes(facts.kind);
}

test('no budget is above what its target takes', () => {
  const { limits } = vectors;
  expect(slackBudget).toBeLessThan(limits.slack.undocumented_total_blocks_chars_seen);
  expect(teamsBudget).toBeLessThanOrEqual(limits.teams_workflows.suggested_body_budget_bytes);
  expect(discordLimits.total).toBe(limits.discord.sum_all_embeds);
  expect(mattermostBudget).toBe(limits.mattermost.text);
  expect(pagerdutyBudget).toBeLessThan(limits.pagerduty_v2.payload_bytes);
  expect(eventBudget.json).toBe(limits.standard_webhooks.recommended_payload_bytes);
  expect(eventBudget.cloudevents).toBeLessThan(limits.cloudevents.safe_bytes);
});

describe('one part at its limit', () => {
  const blocksOf = (text: string) => {
    const body = render(aDelivery('ops', 1, { facts: someFacts({ text }) }), target('slack'));
    return (JSON.parse(body) as { blocks: { type: string; text: { text: string } }[] }).blocks;
  };
  /** Everything in the header before the text itself. */
  const before = '🔴 CRITICAL: '.length;
  test.each([-1, 0, 1])("Slack's header at %i", (offset) => {
    const { slack } = vectors.limits;
    expect(slackLimits.header).toBe(slack.header_text);
    const text = 'x'.repeat(slack.header_text - before + offset);
    const blocks = blocksOf(text);
    expect(blocks[0]?.text.text.length).toBe(Math.min(slack.header_text, slack.header_text + offset));
    expect(blocks.some((block) => block.type === 'section' && block.text.text === text)).toBe(offset > 0);
  });
  test.each([-1, 0, 1])("Slack's section at %i", (offset) => {
    const text = 'x'.repeat(vectors.limits.slack.section_text + offset);
    for (const { text: part } of blocksOf(text).filter(({ type }) => type === 'section')) {
      expect(part.text.length).toBeLessThanOrEqual(vectors.limits.slack.section_text);
    }
  });
  test.each([-1, 0, 1])("a mail's subject at %i", (offset) => {
    const text = 'x'.repeat(emailLimits.subject - 'CRITICAL: '.length + offset);
    const body = render(aDelivery('ops', 1, { facts: someFacts({ text }) }), target('email'));
    const mail = JSON.parse(body) as { subject: string; text: string };
    expect(mail.subject.length).toBe(Math.min(emailLimits.subject, emailLimits.subject + offset));
    expect(mail.text).toContain(text);
  });
  test.each([-1, 0, 1])("PagerDuty's summary at %i", (offset) => {
    const text = 'x'.repeat(vectors.limits.pagerduty_v2.summary + offset);
    const body = JSON.parse(render(aDelivery('ops', 1, { facts: someFacts({ text }) }), target('pagerduty'))) as {
      payload: { summary: string };
      dedup_key: string;
    };
    expect(body.payload.summary.length).toBe(Math.min(1_024, 1_024 + offset));
    expect(body.dedup_key.length).toBeLessThanOrEqual(vectors.limits.pagerduty_v2.dedup_key);
  });
  test.each([-1, 0, 1])("Discord's field value at %i", (offset) => {
    const facts = someFacts({ facts: { error: 'x'.repeat(vectors.limits.discord.field_value + offset) } });
    const body = render(aDelivery('ops', 1, { facts }), target('discord'));
    const fields = (JSON.parse(body) as Embeds).embeds[0]?.fields ?? [];
    for (const { value } of fields) expect(value.length).toBeLessThanOrEqual(vectors.limits.discord.field_value);
    expect(body.includes('shortened')).toBe(offset > 0);
  });
  test.each([-1, 0, 1])("Discord's fields at %i", (offset) => {
    const lines = 3;
    const count = vectors.limits.discord.fields - lines + offset;
    const facts = someFacts({ facts: Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, n])) });
    const body = JSON.parse(render(aDelivery('ops', 1, { facts }), target('discord'))) as Embeds;
    expect(body.embeds[0]?.fields?.length).toBe(Math.min(25, 25 + offset));
  });
  test.each([-1, 0, 1])("Discord's title at %i", (offset) => {
    const text = 'x'.repeat(vectors.limits.discord.title - before + offset);
    const body = JSON.parse(render(aDelivery('ops', 1, { facts: someFacts({ text }) }), target('discord'))) as Embeds;
    expect(body.embeds[0]?.title.length).toBeLessThanOrEqual(vectors.limits.discord.title);
    expect(body.embeds[0]?.description).toBe(offset > 0 ? text : undefined);
  });
});

describe('a batch', () => {
  const members = (count: number) => {
    const texts = Array.from({ length: count }, (_, n) => `cluster dev-${n} is in status Error`);
    return texts.map((text, n) => toMember(aDelivery('ops', n, { facts: someFacts({ text }) })));
  };
  const batch = (count: number) => ({
    ...openBatch('ops', aDelivery('ops', 1), start, sha256),
    members: members(count),
  });
  test.each(totals.filter(([, { kind }]) => isChat(kind)))(
    'for %s lists all, or says how many more',
    (_, to, limit, measure) => {
      for (const count of [6, 40, 300]) {
        for (const plain of [false, true]) {
          const body = render({ ...batch(count), plain }, to);
          // A mail is text and HTML.
          const times = to.kind === 'email' && !plain ? 2 : 1;
          const listed = [...body.matchAll(/is in status Error/g)].length / times;
          const more = Number(/and (\d+) more/.exec(body)?.[1] ?? 0);
          expect(listed + more).toBe(count);
          expect(listed).toBeGreaterThan(0);
          if (!plain) expect(measure(body)).toBeLessThanOrEqual(limit);
          expect(body).toContain(batch(count).id);
        }
      }
    },
  );
  test('names the gravest first', () => {
    const info = toMember(aDelivery('ops', 1, { facts: someFacts({ severity: 'info', text: 'small' }) }));
    const critical = toMember(aDelivery('ops', 2, { facts: someFacts({ text: 'large' }) }));
    const body = render({ ...batch(0), members: [info, critical] }, target('slack'));
    expect(body.indexOf('large')).toBeLessThan(body.indexOf('small'));
    expect(body).toContain('2 messages at once: 1 CRITICAL, 1 INFO');
  });
});
