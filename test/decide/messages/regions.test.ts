import { describe, expect, test } from 'vitest';
import { render } from '../../../lib/decide/messages/render.ts';
import { openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import { compiled } from '../../config/compile-text.ts';
import { aDelivery, overFacts, sha256, someFacts, start } from '../../support/receivers/outbox-world.ts';

const targets = [
  ['slack', 'json', (body: { text: string }) => body.text],
  ['mattermost', 'json', (body: { attachments: [{ fallback: string }] }) => body.attachments[0].fallback],
  ['discord', 'json', (body: { embeds: [{ title: string }] }) => body.embeds[0].title],
  [
    'teams',
    'json',
    (body: { attachments: [{ content: { fallbackText: string } }] }) => body.attachments[0].content.fallbackText,
  ],
  ['pagerduty', 'json', (body: { payload: { summary: string } }) => body.payload.summary],
  ['webhook', 'json', (body: { data: { text: string } }) => body.data.text],
  ['webhook', 'cloudevents', (body: { data: { text: string } }) => body.data.text],
  ['webhook', 'alertmanager-v4', (body: { commonAnnotations: { summary: string } }) => body.commonAnnotations.summary],
] as const;

describe('with several regions the first words of an alert say which', () => {
  test.each(targets)('%s (%s)', (kind, format, headOf) => {
    const target = { name: 'ops', kind, format, zone: 'UTC', severalRegions: true } as const;
    const head = (patch: Parameters<typeof someFacts>[0]) =>
      headOf(JSON.parse(render(aDelivery('ops', 1, { facts: someFacts(patch) }), target)) as never);
    expect(head({})).toMatch(/(^|[^\w])r1: cluster dev-1 is in status Error/);
    expect(head({ text: 'the API of region r1 does not answer' })).toMatch(/(: |^)the API of region r1/);
    expect(head({ text: 'cluster r12 is down' })).toContain('r1: cluster r12');
    const { severalRegions: _, ...alone } = target;
    expect(headOf(JSON.parse(render(aDelivery('ops', 1), alone)) as never)).not.toContain('r1');
  });

  test.each(['slack', 'mattermost', 'discord', 'teams'] as const)('each line of a batch for %s', (kind) => {
    const subjects = ['r1', 'r2'].map(
      (region) => ({ kind: 'cluster', region, clusterId: region, cluster: 'dev' }) as const,
    );
    const all = subjects.flatMap((subject) => [
      someFacts({ subject, text: 'dev is in Error' }),
      overFacts({ subject, text: 'dev' }),
    ]);
    const members = all.map((facts, n) => toMember(aDelivery('ops', n, { facts })));
    for (const plain of [false, true]) {
      const batch = { ...openBatch('ops', aDelivery('ops', 0), start, sha256), members, plain };
      const body = render(batch, { name: 'ops', kind, format: 'json', zone: 'UTC', severalRegions: true });
      for (const region of ['r1', 'r2']) expect(body.split(`${region}: dev`)).toHaveLength(3);
    }
  });
});

test('a config with several regions says so to its destinations', async () => {
  const text = (regions: string) => `regions:\n${regions}destinations:\n  ops: { kind: slack, url: { env: OPS } }\n`;
  const one = '  r1: { api: "http://127.0.0.1:8090", token: { env: T } }\n';
  const two = `${one}  r2: { api: "http://127.0.0.1:8091", token: { env: T } }\n`;
  expect((await compiled(text(one))).destinations[0]?.severalRegions).toBeUndefined();
  expect((await compiled(text(two))).destinations[0]?.severalRegions).toBe(true);
});
