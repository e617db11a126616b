import { describe, expect, test } from 'vitest';
import { matchesPattern, patternProblem } from '../../../lib/decide/intake/event-pattern.ts';
import { judgeAsk, namePool } from '../../../lib/decide/intake/judge-ask.ts';
import { readEvent } from '../../../lib/decide/intake/read-event.ts';
import { fillTemplate, readDuration, readInstant, readText, show } from '../../../lib/decide/intake/reading.ts';
import type { EventSourceConfig, Rule } from '../../../lib/model/config.ts';
import { iso } from '../../../lib/model/time.ts';
import { dayMs, hourMs, makeContext, makeRule, makeSource, minuteMs, now, regions, sources } from './fixtures.ts';

const native = { id: 'e1', lease: 'k', time: iso(now), pool: 'ml/gpu', atLeast: 6, for: '2h' };
const read = (source: EventSourceConfig, body: unknown, headers?: { readonly [name: string]: string }) =>
  readEvent(source, { body: typeof body === 'string' ? body : JSON.stringify(body), ...(headers && { headers }) }, now);
const reasons = (source: EventSourceConfig, body: unknown, headers?: { readonly [name: string]: string }) =>
  read(source, body, headers).map((reading) => (reading.kind === 'ask' ? 'ask' : `${reading.kind}: ${reading.reason}`));

function judge(
  patch: object,
  rule: Rule = makeRule('ml/gpu', { leases: { max: 8, longestMs: 8 * hourMs } }),
  at = now,
) {
  const [asked] = read(sources.ci, { ...native, ...patch });
  if (asked?.kind !== 'ask') return asked;
  const context = { ...makeContext(sources.ci, at), config: { regions, rules: [rule] } };
  const named = namePool(asked, context);
  return named.kind === 'named' ? judgeAsk(asked, named, undefined, context) : named;
}

describe('to the node, to the millisecond', () => {
  test('what is asked for exactly is not said to be cut', () => {
    expect(judge({ atLeast: 8, for: '8h' })).toMatchObject({ ask: { atLeast: 8, until: now + 8 * hourMs }, notes: [] });
    const release = judge({ atLeast: undefined, for: undefined, release: true });
    expect(release).toMatchObject({ ask: { kind: 'release', until: now + 14 * dayMs }, notes: [] });
  });
  test('a lease that ends now is over', () => {
    expect(judge({}, undefined, now + 2 * hourMs)).toMatchObject({ kind: 'ignored' });
    expect(judge({}, undefined, now + 2 * hourMs - 1)).toMatchObject({ kind: 'granted' });
  });
  test('a rule that allows no nodes says so', () => {
    const rule = (max: number) =>
      makeRule('ml/gpu', { limits: { min: 0, max }, leases: { max: undefined, longestMs: hourMs } });
    expect(judge({ atLeast: 1 }, rule(0))).toMatchObject({
      kind: 'refused',
      reason: 'rule "ml/gpu" allows no nodes: its largest size is 0',
    });
    expect(judge({ atLeast: 1 }, rule(1))).toMatchObject({ kind: 'granted', ask: { atLeast: 1 } });
  });
  test.each([
    ['ends when it begins', iso(now), 'refused'],
    ['ends in a year', iso(now + 366 * dayMs), 'granted'],
    ['ends later', iso(now + 366 * dayMs + 1000), 'refused'],
  ])('a lease that %s', (_, until, kind) => {
    expect(judge({ for: undefined, until })?.kind).toBe(kind);
  });
  test('an id takes a thousand letters', () => {
    const room = 1000 - 'lease/event%3Aci/'.length - '/gpu/k'.length;
    const name = (letters: number) => `${'%'.repeat(Math.floor(letters / 3))}${'a'.repeat(letters % 3)}`;
    const [clusterRoom, longer] = [name(room - 240), name(room - 239)];
    const rule = makeRule('*/*', { leases: { max: 8, longestMs: 8 * hourMs } });
    const any = { ...sources.ci, may: [rule.match] };
    const kindOf = (cluster: string) => {
      const asked = { kind: 'ask', eventId: 'e', key: 'k'.repeat(241), pool: `${cluster}/gpu`, time: now } as const;
      const want = { kind: 'release' } as const;
      const context = { source: any, config: { regions: regions.slice(0, 1), rules: [rule] }, now };
      const named = namePool({ ...asked, want, reason: undefined }, context);
      return named.kind === 'named' ? judgeAsk({ ...asked, want, reason: undefined }, named, 3, context).kind : named;
    };
    expect([kindOf(clusterRoom), kindOf(longer)]).toEqual(['granted', 'refused']);
  });
  test.each(['ml/gpu/x', 'x/ml/gpu', 'gpu', '/gpu', 'ml/'])('%s names no pool', (pool) => {
    expect(judge({ pool })).toMatchObject({
      kind: 'refused',
      reason: `pool is "${pool}": write cluster/pool or region:cluster/pool`,
    });
  });
});

describe('what is read', () => {
  test.each([
    ['90s', 90_000],
    ['1h30m', 90 * minuteMs],
    ['2d1h1m1s', 2 * dayMs + hourMs + minuteMs + 1000],
    ['1m30s', 90_000],
  ])('a duration of %s', (text, value) => {
    expect(readDuration('for', text)).toEqual({ value });
  });
  test.each([{}, null, 7, [], 'soon', '2026-11-23T08:30:00Zulu', '2026-13-01T00:00:00Z'])('no instant: %j', (value) => {
    expect(readInstant('time', value)).toMatchObject({ problem: expect.stringContaining('is not a date and time') });
  });
  test.each(['2026-11-23', '2026-11-23 08:30', '2026-11-23T08:30:00.5'])('%s has no offset', (value) => {
    expect(readInstant('time', value)).toMatchObject({ problem: expect.stringContaining('has no offset') });
  });
  test.each([
    [undefined, 'it is missing'],
    [3, 'it is 3: it must be text'],
    [{ a: 1 }, 'it is an object: it must be text'],
    [['a'], 'it is a list: it must be text'],
    ['', 'it is empty'],
    ['abcd', 'it has 4 characters: the limit is 3'],
    ['a\u0000', 'it contains a character that cannot be printed'],
  ])('as a text: %j', (value, problem) => {
    expect(readText('it', value, 3)).toEqual({ problem });
    expect(readText('it', 'abc', 3)).toEqual({ value: 'abc' });
  });
  test('sixty letters are shown whole, more are cut', () => {
    expect(show('a'.repeat(58))).toBe(`"${'a'.repeat(58)}"`);
    expect(show('a'.repeat(59))).toBe(`"${'a'.repeat(56)}…`);
  });
  test('a name is made of labels, as written or by their path, and of nothing inherited', () => {
    const values = { 'a.b': 'flat', a: { b: 'deep', c: { d: 'deeper' } }, whole: 'r1:ml/gpu', list: ['x'] };
    const made = (label: string, before = 'ml/') =>
      fillTemplate(before === '' ? [{ label }] : [before, { label }], values);
    expect(made('a.b')).toEqual({ value: 'ml/flat' });
    expect(made('a.c.d')).toEqual({ value: 'ml/deeper' });
    expect(made('whole', '')).toEqual({ value: 'r1:ml/gpu' });
    expect(made('whole')).toMatchObject({ problem: expect.stringContaining('must not contain "/"') });
    for (const label of ['a', 'a.x', 'a.b.c', 'constructor.name', 'list.0', 'whole.length']) {
      const problem = `the event has no ${label}, from which the pool's name is made`;
      expect(made(label)).toEqual({ problem });
    }
  });
});

describe('an envelope', () => {
  const alerts = sources['queue-depth'];
  const when = (patch: Partial<EventSourceConfig>) => makeSource({ name: 'depth', kind: 'alertmanager', ...patch });
  const alert = {
    status: 'firing',
    labels: { alertname: 'QueueDeep', cluster: 'a' },
    fingerprint: 'f',
    startsAt: iso(now),
  };
  const webhook = (patch: object) => ({ version: '4', alerts: [{ ...alert, ...patch }] });
  const bus = { id: 'e1', 'detail-type': 'Object Created', source: 'aws.s3', time: iso(now), detail: {} };
  const cloud = { specversion: '1.0', id: 'c1', source: '/x', type: 't', data: { ...native, id: undefined } };
  const must = 'of the config must say pool, atLeast and for';

  test.each<readonly [string, EventSourceConfig, unknown, readonly string[]]>([
    [
      'of another version',
      alerts,
      { ...webhook({}), version: '5' },
      ['refused: version is "5": only version "4" of Alertmanager\'s webhook is supported'],
    ],
    [
      'of no version',
      alerts,
      { alerts: [] },
      ['refused: version is missing: only version "4" of Alertmanager\'s webhook is supported'],
    ],
    ['without alerts', alerts, { version: '4' }, ['refused: alerts is missing: it must be the list of alerts']],
    ['with none', alerts, { version: '4', alerts: [] }, ['ignored: the list of alerts is empty']],
    ['with something else', alerts, { version: '4', alerts: [3] }, ['refused: an alert is 3: it must be an object']],
    [
      'of another alert',
      alerts,
      webhook({ labels: { alertname: 'Other' } }),
      ["ignored: the alert's alertname does not match source queue-depth"],
    ],
    [
      'without labels',
      alerts,
      webhook({ labels: null }),
      ["ignored: the alert's alertname does not match source queue-depth"],
    ],
    ['with what it takes', alerts, webhook({}), ['ask']],
    ['without a fingerprint', alerts, webhook({ fingerprint: undefined }), ['refused: fingerprint is missing']],
    [
      'that begins at no time',
      alerts,
      webhook({ startsAt: 'then' }),
      ['refused: startsAt is "then", which is not a date and time: write one such as 2026-11-23T08:30:00Z'],
    ],
    [
      'that ends at no time',
      alerts,
      webhook({ status: 'resolved' }),
      ['refused: endsAt is missing: write a date and time such as 2026-11-23T08:30:00Z'],
    ],
    [
      'whose source names no pool',
      when({ atLeast: 1, forMs: 1 }),
      webhook({}),
      [`refused: source depth ${must}: an alert does not`],
    ],
    [
      'whose source names no nodes',
      when({ pool: ['ml/gpu'], forMs: 1 }),
      webhook({}),
      [`refused: source depth ${must}: an alert does not`],
    ],
    [
      'whose source names no time',
      when({ pool: ['ml/gpu'], atLeast: 1 }),
      webhook({}),
      [`refused: source depth ${must}: an alert does not`],
    ],
    [
      'that is one of several',
      when({ when: { alertname: ['A', 'QueueDeep'] }, pool: ['ml/gpu'], atLeast: 1, forMs: 1 }),
      webhook({}),
      ['ask'],
    ],
    [
      'that is none of several',
      when({ when: { alertname: ['A', 'B'] } }),
      webhook({}),
      ["ignored: the alert's alertname does not match source depth"],
    ],
    [
      'of a bus, as it must be',
      makeSource({ kind: 'eventbridge', pool: ['ml/gpu'], atLeast: 1, forMs: 1 }),
      bus,
      ['ask'],
    ],
    [
      'of a bus that is no time',
      sources.scenes,
      { ...bus, detail: { bucket: { name: 'scenes-incoming' } }, time: 3 },
      ['refused: time is 3, which is not a date and time: write one such as 2026-11-23T08:30:00Z'],
    ],
    ['of a bus without an id', sources.scenes, { ...bus, id: undefined }, ['refused: id is missing']],
    [
      'of a bus that its source does not take',
      sources.scenes,
      bus,
      ['ignored: the event does not match the pattern of source scenes'],
    ],
    [
      'of a bus for no pool',
      makeSource({ kind: 'eventbridge', atLeast: 1, forMs: 1 }),
      bus,
      [`refused: source ci ${must}: the event does not`],
    ],
    [
      'of a bus for no nodes',
      makeSource({ kind: 'eventbridge', pool: ['ml/gpu'], forMs: 1 }),
      bus,
      [`refused: source ci ${must}: the event does not`],
    ],
    [
      'of a bus for no time',
      makeSource({ kind: 'eventbridge', pool: ['ml/gpu'], atLeast: 1 }),
      bus,
      [`refused: source ci ${must}: the event does not`],
    ],
    [
      'of a bus with a label that is not there',
      makeSource({ kind: 'eventbridge', pool: [{ label: 'detail.pool' }], atLeast: 1, forMs: 1 }),
      bus,
      ["refused: the event has no detail.pool, from which the pool's name is made"],
    ],
    ...(['detail-type', 'source', 'detail'] as const).map(
      (key) =>
        [
          `of a bus without ${key}`,
          sources.scenes,
          { ...bus, [key]: undefined },
          ['refused: this is not an EventBridge event: detail-type, source and detail are missing'],
        ] as const,
    ),
    [
      'of a bus around our own form',
      sources.ci,
      { ...bus, detail: { ...native, id: undefined, time: undefined } },
      ['ask'],
    ],
    [
      'that is our own form with a key of a bus',
      sources.ci,
      { ...native, source: 'x' },
      [
        'refused: "source" is not a key of an event: the keys are id, lease, time, pool, atLeast, for, until, reason, release',
      ],
    ],
    [
      'from S3 itself',
      sources.scenes,
      { Records: [] },
      ['refused: this is a notification straight from S3: turn on EventBridge for the bucket and use its events'],
    ],
    ['of SNS', sources.ci, { Type: 'Notification', TopicArn: 'arn', Message: JSON.stringify(native) }, ['ask']],
    [
      'of SNS that is no JSON',
      sources.ci,
      { Type: 'Notification', TopicArn: 'arn', Message: ' ' },
      ['refused: the event is empty'],
    ],
    [
      'that only looks like SNS',
      sources.ci,
      { id: 'e1', Type: 'Notification', TopicArn: 'arn', Message: 3 },
      [
        'refused: "Type" is not a key of an event: the keys are id, lease, time, pool, atLeast, for, until, reason, release',
      ],
    ],
    [
      'that looks less like SNS',
      sources.ci,
      { id: 'e1', Type: 'Notification', Message: JSON.stringify(native) },
      [
        'refused: "Type" is not a key of an event: the keys are id, lease, time, pool, atLeast, for, until, reason, release',
      ],
    ],
    [
      'of a thousand',
      sources.ci,
      Array.from({ length: 1000 }, () => native),
      Array.from({ length: 1000 }, () => 'ask'),
    ],
    [
      'of more',
      sources.ci,
      Array.from({ length: 1001 }, () => native),
      ['refused: the batch has 1001 events: the limit is 1000'],
    ],
    ['of none', sources.ci, [], ['ignored: the batch is empty']],
    ['that is a CloudEvent', sources.cloudevents, { ...cloud, data: native }, ['ask']],
    [
      'that is a CloudEvent with data of no JSON',
      sources.cloudevents,
      { ...cloud, data: undefined, data_base64: 'e30=x' },
      ['refused: data is missing, or is not JSON: put the event there'],
    ],
    [
      'that is a CloudEvent with data that is cut',
      sources.cloudevents,
      { ...cloud, data: undefined, data_base64: 'eyJ' },
      ['refused: data is missing, or is not JSON: put the event there'],
    ],
    [
      'that is a CloudEvent with other letters',
      sources.cloudevents,
      { ...cloud, data: undefined, data_base64: '!e30=' },
      ['refused: data is missing, or is not JSON: put the event there'],
    ],
    [
      'that is a CloudEvent with a number for data',
      sources.cloudevents,
      { ...cloud, data: undefined, data_base64: 3 },
      ['refused: data is missing, or is not JSON: put the event there'],
    ],
    [
      'that is a CloudEvent with text for data',
      sources.cloudevents,
      { ...cloud, data: 'x' },
      ['refused: data is "x": it must be an event as a JSON object'],
    ],
    [
      'that is a CloudEvent without an id',
      sources.cloudevents,
      { ...cloud, id: undefined },
      ['refused: id is missing'],
    ],
    [
      'that is no CloudEvent',
      sources.cloudevents,
      native,
      ['refused: this is not a CloudEvent: specversion is missing'],
    ],
  ])('%s', (_, source, body, expected) => {
    expect(reasons(source, body)).toEqual(expected);
  });

  test('in headers is read as they stand, percent or not, by a source that takes it', () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': '100%',
      'ce-source': '/x',
      'ce-type': 't',
      'content-type': 'x',
      host: 'h',
    };
    const { id: _, ...data } = native;
    expect(read(sources.ci, data, headers)).toMatchObject([{ kind: 'ask', eventId: '100%' }]);
    expect(reasons(sources.scenes, data, headers)).toEqual([
      'refused: this is a CloudEvent: source scenes expects eventbridge',
    ]);
    expect(reasons(alerts, data, headers)).toEqual([
      `refused: this is a CloudEvent: source ${alerts.name} expects alertmanager`,
    ]);
    expect(reasons(sources.ci, native, { host: 'h' })).toEqual(['ask']);
  });
});

describe('a pattern', () => {
  test.each<readonly [unknown, unknown, boolean]>([
    [{ prefix: 'a' }, ['b', 'ab'], true],
    [{ numeric: ['<', 5] }, 5, false],
    [{ numeric: ['<', 5] }, 4, true],
    [{ numeric: ['>=', 5] }, 5, true],
    [{ numeric: ['>=', 5] }, 4, false],
    [{ numeric: ['<=', 5] }, 6, false],
    [{ numeric: ['>', 5] }, 5, false],
    [{ numeric: ['=', 5] }, 4, false],
    [{ numeric: ['>', 0, '<', 5] }, 7, false],
    [{ numeric: ['~', 5] }, 5, false],
    [{ numeric: '5' }, 5, false],
    [{ numeric: ['>', 0] }, '5', false],
    [{ prefix: 5 }, '5', false],
    [{ suffix: 5 }, '5', false],
    [{ suffix: '5' }, 5, false],
    [{}, 'x', false],
  ])('with %j takes %j: %s', (alternative, actual, expected) => {
    expect(matchesPattern({ key: [alternative] }, { key: actual })).toBe(expected);
  });
  test.each<readonly [unknown, boolean]>([
    [{ 'anything-but': [] }, false],
    [{ 'anything-but': ['a', { prefix: 'b' }] }, true],
    [{ 'anything-but': ['a', { cidr: 'b' }] }, false],
    [{ 'anything-but': [{ cidr: 'b' }, 'a'] }, false],
    [{ 'anything-but': { prefix: 3 } }, false],
    [{ 'anything-but': { prefix: 'a', suffix: 'b' } }, false],
    [{ 'anything-but': { prefixes: 'a' } }, false],
    [{ 'anything-but': { 'a-suffix': 'a' } }, false],
    [{ numeric: [] }, false],
    [{ numeric: ['>', 'x'] }, false],
    [{ numeric: ['~', 3] }, false],
    [{ numeric: [3, 3] }, false],
    [{ numeric: ['>', 1, '<'] }, false],
    [{ numeric: ['>', 1, '<', 3] }, true],
    [{ prefix: 'a', suffix: 'b' }, false],
    ['a', true],
  ])('with %j can be used: %s', (alternative, expected) => {
    expect(patternProblem({ key: ['x', alternative] }) === undefined).toBe(expected);
  });
  test('says the first of its problems, after keys that are good', () => {
    expect(patternProblem({ good: ['x'], bad: [] })).toBe('when.bad is an empty list: nothing would match');
    expect(patternProblem({ good: { inner: ['x'] }, bad: 3 })).toMatch(/^when\.bad is 3/);
  });
});
