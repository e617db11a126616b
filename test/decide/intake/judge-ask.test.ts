import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactMatch, judgeAsk, namePool } from '../../../lib/decide/intake/judge-ask.ts';
import { readEvent } from '../../../lib/decide/intake/read-event.ts';
import type { EventSourceConfig } from '../../../lib/model/config.ts';
import { matchesPool } from '../../../lib/model/match.ts';
import { runs } from '../../support/runs.ts';
import { hourMs, makeContext, makeMatch, makeRule, makeSource, minuteMs, now, regions, sources } from './fixtures.ts';
import { readSample } from './samples.ts';

const native = { id: 'e1', lease: 'k', time: '2026-11-23T08:30:00Z', pool: 'ml/gpu', atLeast: 6, for: '2h' };

/** All that one event comes to, before it is stored. */
function judgeAll(source: EventSourceConfig, body: unknown, at = now, base?: number) {
  const context = makeContext(source, at);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readEvent(source, { body: text }, at).map((reading) => {
    if (reading.kind !== 'ask') return reading;
    const named = namePool(reading, context);
    return named.kind === 'named' ? judgeAsk(reading, named, base, context) : named;
  });
}

function judgeOne(patch: object, source = makeSource(), at = now, base?: number) {
  return judgeAll(source, { ...native, ...patch }, at, base)[0];
}

describe('an ask that is granted', () => {
  test('is a lease on exactly that pool until its end', () => {
    expect(judgeOne({ reason: 'training' })).toEqual({
      kind: 'granted',
      names: { region: 'r1', cluster: 'ml', pool: 'gpu' },
      notes: [],
      ask: {
        schema: 1,
        kind: 'lease',
        id: 'lease/event%3Aci/ml/gpu/k',
        region: 'r1',
        who: 'event:ci',
        reason: 'training',
        askedAt: now,
        time: now,
        events: ['e1'],
        match: { text: 'r1:ml/gpu', region: 'r1', cluster: 'ml', pool: 'gpu', exactPool: true },
        atLeast: 6,
        until: now + 2 * hourMs,
      },
    });
  });

  test('ends at the same instant however late it comes', () => {
    expect(judgeOne({}, makeSource(), now + hourMs)).toMatchObject({ ask: { until: now + 2 * hourMs } });
    expect(judgeOne({ for: undefined, until: '2026-11-23T11:00:00+01:00' })).toMatchObject({
      ask: { until: now + 1.5 * hourMs },
    });
  });

  test.each([
    ['the rule', {}, makeSource(), undefined, 8],
    ['the source', {}, makeSource({ most: 5 }), undefined, 5],
    ['the base, where nothing else is said', { pool: 'ml/gpu2' }, makeSource(), undefined, 3],
    ['a remembered base', { pool: 'old/remembered' }, makeSource(), 4, 4],
  ])('1e9 nodes are cut to what %s allows', (_, patch, source, base, atLeast) => {
    const granted = judgeOne({ atLeast: 1e9, ...patch }, source, now, base);
    expect(granted).toMatchObject({ kind: 'granted', ask: { atLeast } });
    expect(granted).toMatchObject({
      notes: [`1000000000 nodes were asked for; this pool gets ${atLeast} at most`],
    });
  });

  test.each([
    ['the rule', makeSource(), 8],
    ['the source', makeSource({ longestMs: hourMs }), 1],
  ])('its end is cut to the longest of %s', (_, source, hours) => {
    const note = `the lease was shortened to the longest allowed: it ends at ${new Date(now + hours * hourMs).toISOString().slice(0, 19)}Z`;
    expect(judgeOne({ for: '30d' }, source)).toMatchObject({ ask: { until: now + hours * hourMs }, notes: [note] });
  });

  test('may be 5 minutes ahead of our clock', () => {
    expect(judgeOne({}, makeSource(), now - 5 * minuteMs)?.kind).toBe('granted');
    expect(judgeOne({}, makeSource(), now - 5 * minuteMs - 1)?.kind).toBe('refused');
  });

  test('may name its region', () => {
    expect(judgeOne({ pool: 'r2:twin/gpu' })).toMatchObject({ names: { region: 'r2', cluster: 'twin', pool: 'gpu' } });
  });
});

describe('an ask that is refused', () => {
  test.each([
    [
      'a region it may not touch',
      { pool: 'r2:ml/gpu' },
      makeSource(),
      'pool "r2:ml/gpu" is not in the source\'s may list',
    ],
    ['a source without pools', {}, makeSource({ may: [] }), 'pool "ml/gpu" is not in the source\'s may list'],
    [
      'a size without a bound',
      { pool: 'old/remembered' },
      makeSource(),
      'the most nodes for this pool are not known: give rule "old/remembered" leases.max or limits.max',
    ],
  ])('%s', (_, patch, source, reason) => {
    expect(judgeOne(patch, source)).toMatchObject({ kind: 'refused', reason, eventId: 'e1' });
  });

  test.each([
    ['pool', { pool: `ml/${'p'.repeat(254)}` }],
    ['cluster', { pool: `${'c'.repeat(254)}/gpu` }],
  ])("a %s's name that no API gives", (what, patch) => {
    const reason = `the ${what}'s name has 254 characters: the limit is 253`;
    expect(judgeOne(patch)).toMatchObject({ kind: 'refused', reason });
  });

  test('a name as long as the API may give is read, and said in short', () => {
    const { reason } = judgeOne({ pool: `ml/${'p'.repeat(253)}` }) as { reason: string };
    expect(reason).toMatch(/^no rule of the config covers pool "r1:ml\/ppp/u);
    expect(reason.length).toBeLessThan(200);
  });

  test('names that are too long together for an id', () => {
    const pool = `ml/${'ü'.repeat(200)}`;
    const context = { ...makeContext(), config: { regions, rules: [makeRule('ml/*')] } };
    const [asked] = readEvent(sources.ci, { body: JSON.stringify({ ...native, pool }) }, now);
    const named = asked?.kind === 'ask' ? namePool(asked, context) : undefined;
    expect(asked?.kind === 'ask' && named?.kind === 'named' && judgeAsk(asked, named, 3, context)).toMatchObject({
      kind: 'refused',
      reason: 'the names of cluster, pool and lease are too long together',
    });
  });

  test('a pool of a match for a whole cluster is allowed', () => {
    expect(judgeOne({}, makeSource({ may: [makeMatch('r1:ml')] }))?.kind).toBe('granted');
  });

  test('a name with characters of a regular expression is only itself', () => {
    const match = exactMatch({ region: 'r1', cluster: 'm.l', pool: '(g|h)+' });
    expect(matchesPool(match, { region: 'r1', cluster: 'm.l', pool: '(g|h)+' })).toBe(true);
    expect(matchesPool(match, { region: 'r1', cluster: 'mxl', pool: '(g|h)+' })).toBe(false);
    expect(matchesPool(match, { region: 'r1', cluster: 'm.l', pool: 'g' })).toBe(false);
  });
});

describe('samples', () => {
  test.each([
    [
      'http-native.json',
      sources.ci,
      [{ kind: 'lease', id: 'lease/event%3Aci/ml/gpu/ci-4711', atLeast: 6, until: now + 2 * hourMs }],
    ],
    [
      'http-release.json',
      sources.ci,
      [{ kind: 'release', id: 'lease/event%3Aci/ml/gpu/ci-4711', time: now + 40 * minuteMs }],
    ],
    [
      'cloudevents.json',
      sources.cloudevents,
      [{ kind: 'lease', atLeast: 4, time: now, until: now + hourMs, events: ['ce-1'] }],
    ],
    ['cloudevents.json', sources.ci, [{ kind: 'lease', atLeast: 4, time: now }]],
    [
      'alertmanager.json',
      sources['queue-depth'],
      [
        {
          kind: 'lease',
          atLeast: 6,
          match: { text: 'r1:prod-a/workers' },
          time: Date.UTC(2026, 10, 23, 8, 28, 11, 123),
          until: now + 2 * hourMs,
          reason: 'alert QueueDeep',
        },
        { kind: 'release', id: 'lease/event%3Aqueue-depth/prod-b/workers/c1f7d0a35be2d0aa', time: now - 29_500 },
      ],
    ],
    ['alertmanager-resolved.json', sources['queue-depth'], [{ kind: 'release', time: now + 30 * minuteMs }]],
    [
      'eventbridge-s3.json',
      sources.scenes,
      [
        {
          kind: 'lease',
          atLeast: 4,
          time: now - 2000,
          until: now - 2000 + hourMs,
          reason: 'Object Created from aws.s3',
        },
      ],
    ],
    [
      'eventbridge-codepipeline.json',
      sources.pipeline,
      [{ kind: 'lease', atLeast: 2, until: now - 20_000 + 3 * hourMs }],
    ],
  ])('%s', (file, source, asks) => {
    const at = file.endsWith('d.json') || file.includes('release') ? now + hourMs : now;
    expect(judgeAll(source, readSample(file), at)).toMatchObject(asks.map((ask) => ({ kind: 'granted', ask })));
  });

  test('an event stays itself in every envelope', () => {
    const { id: _, time: __, ...detail } = native;
    const bus = { version: '0', id: 'e1', 'detail-type': 'nodes.wanted', source: 'ml', time: native.time, detail };
    const cloud = { specversion: '1.0', id: 'e1', source: '/ml', type: 'x', time: native.time };
    const base64 = Buffer.from(JSON.stringify(detail)).toString('base64');
    const sns = { Type: 'Notification', TopicArn: 'arn:aws:sns:r:1:t', Message: JSON.stringify(native) };
    const plain = judgeAll(sources.ci, native);
    for (const body of [bus, { ...cloud, data: detail }, { ...cloud, data_base64: base64 }, sns, [native]]) {
      expect(judgeAll(sources.ci, body)).toEqual(plain);
    }
  });

  test('a CloudEvent in binary mode is the same one', () => {
    const { id: _, time: __, ...data } = native;
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'e%201',
      'ce-source': '/ml',
      'ce-type': 'x',
      'ce-time': native.time,
    };
    const [reading] = readEvent(sources.cloudevents, { body: JSON.stringify(data), headers }, now);
    expect(reading).toMatchObject({ kind: 'ask', eventId: 'e 1', time: now, pool: 'ml/gpu' });
  });
});

describe('an alert', () => {
  const alert = (patch: object) => {
    const sample = JSON.parse(readSample('alertmanager.json')) as { alerts: object[] };
    return { ...sample, alerts: [{ ...sample.alerts[0], ...patch }] };
  };

  test('that still fires is held on from now, under the time it began', () => {
    const [later] = judgeAll(sources['queue-depth'], alert({}), now + 5 * hourMs);
    expect(later).toMatchObject({ ask: { time: Date.UTC(2026, 10, 23, 8, 28, 11, 123), until: now + 7 * hourMs } });
  });

  test('says when Alertmanager left some out', () => {
    const [, note] = judgeAll(sources['queue-depth'], { ...alert({}), truncatedAlerts: 3 });
    expect(note).toMatchObject({
      kind: 'ignored',
      reason: 'Alertmanager left out 3 alerts: raise max_alerts of this receiver',
    });
  });

  test('of an unknown status is refused', () => {
    const [odd] = judgeAll(sources['queue-depth'], alert({ status: 'maybe' }));
    expect(odd).toMatchObject({ kind: 'refused', reason: 'status is "maybe": it must be firing or resolved' });
  });
});

const hostile = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    -1,
    0,
    1e9,
    1e308,
    '9999-12-31T23:59:59Z',
    '2026-11-23T08:30:00Z',
    'ml/gpu',
    'r1:ml/gpu',
    '2h',
    '999999d',
    true,
    null,
    '__proto__',
    'a'.repeat(5000),
  ),
);

describe('whatever is sent', () => {
  test('is a bounded lease, a release, or a reason', () => {
    const keys = ['id', 'lease', 'time', 'pool', 'atLeast', 'for', 'until', 'reason', 'release'] as const;
    const patch = fc.dictionary(fc.constantFrom(...keys), hostile, { maxKeys: 3 });
    fc.assert(
      fc.property(patch, (changes) => {
        const [judged] = judgeAll(makeSource(), { ...native, ...changes });
        if (judged?.kind !== 'granted') {
          expect(judged?.reason).toMatch(/^.{5,400}$/u);
          return;
        }
        expect(judged.ask.id.length).toBeLessThanOrEqual(1000);
        if (judged.ask.kind === 'release') return;
        expect(judged.ask.atLeast).toBeGreaterThanOrEqual(1);
        expect(judged.ask.atLeast).toBeLessThanOrEqual(8);
        expect(judged.ask.until).toBeGreaterThan(now);
        expect(judged.ask.until).toBeLessThanOrEqual(judged.ask.time + 8 * hourMs);
      }),
      runs(30),
    );
  });

  test.each(Object.values(sources))('any JSON at source $name is answered', (source) => {
    const bodies = fc.oneof(fc.json({ maxDepth: 4 }), fc.string(), fc.constant('['.repeat(30_000)));
    fc.assert(fc.property(bodies, (body) => judgeAll(source, body).length > 0));
  });
});

describe('a name that is made from labels', () => {
  const template = [{ label: 'cluster' }, '/', { label: 'pool' }] as const;
  const alert = (labels: object) => {
    const at = new Date(now).toISOString();
    const one = { status: 'firing', labels, fingerprint: 'f1', startsAt: at, endsAt: '0001-01-01T00:00:00Z' };
    return { body: JSON.stringify({ version: '4', alerts: [one] }) };
  };
  const depth = makeSource({
    name: 'depth',
    kind: 'alertmanager',
    pool: template,
    atLeast: 2,
    forMs: hourMs,
    may: [makeMatch('ml/gpu'), makeMatch('r1:ml/gpu'), makeMatch('r2:ml/gpu')],
  });
  const refusal = 'a value in a pool\'s name must not contain "/" or ":"';

  test.each([
    [{ cluster: 'r2:ml', pool: 'gpu' }, refusal],
    [{ cluster: 'ml', pool: 'gpu:x' }, refusal],
    [{ cluster: 'ml/gpu', pool: 'gpu' }, refusal],
    [{ cluster: 'ml' }, "the event has no pool, from which the pool's name is made"],
    [{ cluster: '', pool: 'gpu' }, 'the event has no cluster'],
  ])('of %j is refused', (labels, reason) => {
    expect(readEvent(depth, alert(labels), now)).toMatchObject([
      { kind: 'refused', reason: expect.stringContaining(reason) as string },
    ]);
  });

  test('of plain ones is taken', () => {
    expect(readEvent(depth, alert({ cluster: 'ml', pool: 'gpu' }), now)).toMatchObject([
      { kind: 'ask', pool: 'ml/gpu' },
    ]);
  });
});
