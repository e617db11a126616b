import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isSpent,
  isWindowOpen,
  namesKind,
  type SilenceRecord,
  silencedBy,
} from '../../../lib/decide/incidents/silence.ts';
import type { ConfiguredSilence } from '../../../lib/model/config.ts';
import type { FindingKind, Subject } from '../../../lib/model/finding.ts';
import { cluster, hourMs, noSilence, pool, region, start } from './incident-world.ts';

const night = { text: '22:00-06:00', size: 'idle', pieces: [{ from: 22 * 3600, to: 30 * 3600 }] } as const;
const weekend = { text: 'sat-sun', size: 'idle', pieces: [{ from: 0, to: 24 * 3600, days: [6, 7] }] } as const;

test.each([
  ['before a night', night, '2026-11-23T20:59:59Z', false],
  ['at its start, in the zone', night, '2026-11-23T21:00:00Z', true],
  ['after midnight', night, '2026-11-24T04:59:59Z', true],
  ['at its end', night, '2026-11-24T05:00:00Z', false],
  ['in summer an hour earlier', night, '2026-07-01T20:00:00Z', true],
  ['on a Friday', weekend, '2026-11-27T22:59:59Z', false],
  ['on a Saturday', weekend, '2026-11-27T23:00:00Z', true],
] as const)('%s', (_title, window, at, expected) => {
  expect(isWindowOpen(window, 'Europe/Berlin', Date.parse(at))).toBe(expected);
});

const day = { text: 'days', size: 'idle', pieces: [{ from: 0, to: 24 * 3600 }] } as const;

test.each([
  ['the night before its date', night, '2026-12-24T04:00:00Z', false],
  ['its night', night, '2026-12-24T21:00:00Z', true],
  ['its night after midnight', night, '2026-12-25T04:59:59Z', true],
  ['the night after', night, '2026-12-25T21:00:00Z', false],
  ['its day from midnight, in the zone', day, '2026-12-23T23:00:00Z', true],
  ['its day no earlier', day, '2026-12-23T22:59:59Z', false],
  ['its day to midnight', day, '2026-12-24T22:59:59Z', true],
  ['its day no later', day, '2026-12-24T23:00:00Z', false],
  ['a date that is no day of the window', weekend, '2026-12-24T12:00:00Z', false],
] as const)('on days of a calendar: %s', (_title, window, at, expected) => {
  expect(isWindowOpen(window, 'Europe/Berlin', Date.parse(at), ['2026-12-24'])).toBe(expected);
});

test('on days of a calendar it is open when it is open, and began on one of them', () => {
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'short' });
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2026, 0, 1) / 60_000, max: Date.UTC(2027, 0, 1) / 60_000 }),
      fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 3 }),
      (minute, offsets) => {
        const at = minute * 60_000;
        const near = (days: number) => local.format(at + days * 24 * hourMs).slice(0, 10);
        const dates = offsets.map(near);
        const [today = '', time = ''] = local.format(at).split(' ');
        const began =
          time >= '22:00' ? today : time < '06:00' ? local.format(at - 12 * hourMs).slice(0, 10) : undefined;
        const want = began !== undefined && dates.includes(began);
        expect(isWindowOpen(night, 'Europe/Berlin', at, dates)).toBe(want);
      },
    ),
  );
});

test.each([
  ['before', start - 1, undefined],
  ['at its beginning', start, 'silenced by ada'],
  ['before its end', start + hourMs - 1, 'silenced by ada'],
  ['at its end', start + hourMs, undefined],
])('one to come holds back nothing but between its dates: %s', (_, now, want) => {
  const asked = byMatch('dev-1', { from: start });
  expect(silencedBy({ ...noSilence, asked: [asked] }, about(cluster), now)).toBe(want);
  const configured = byConfig('dev-1', { from: start, until: start + hourMs });
  expect(silencedBy({ ...noSilence, configured: [configured] }, about(cluster), now) === undefined).toBe(
    want === undefined,
  );
});

const match = (text: string) => {
  const [, where, name = '', own] = /^(?:([^:]+):)?([^/]+)(?:\/(.+))?$/u.exec(text) ?? [];
  const part = (glob: string) => glob.replaceAll('*', '.*');
  return { text, region: where, cluster: part(name), pool: own && part(own), exactPool: false };
};
const about = (subject: Subject, kind: FindingKind = 'pool.error') => ({ kind, subject, key: 'k', episode: start });
const byMatch = (text: string, patch: Partial<SilenceRecord> = {}): SilenceRecord => ({
  schema: 1,
  id: text,
  scope: { kind: 'match', match: match(text) },
  until: start + hourMs,
  who: 'ada',
  reason: undefined,
  askedAt: start,
  ...patch,
});
const ofIncident = (key: string, episode: number) => byMatch(key, { scope: { kind: 'incident', key, episode } });
const byConfig = (text: string, patch: Partial<ConfiguredSilence> = {}): ConfiguredSilence => {
  const always = { until: undefined, kinds: undefined, window: undefined, zone: 'UTC', reason: undefined };
  return { match: match(text), ...always, ...patch };
};
const token: Subject = { kind: 'secret', reference: 'env TOKEN' };

describe('a silence for', () => {
  test.each<[string, string]>([
    ['*', 'region cluster pool token'],
    ['r1:*', 'region cluster pool'],
    ['r2:*', ''],
    ['dev-1', 'cluster pool'],
    ['r1:dev-1', 'cluster pool'],
    ['r2:dev-1', ''],
    ['dev-*', 'cluster pool'],
    ['dev-2', ''],
    ['dev-1/workers', 'pool'],
    ['dev-1/*', 'pool'],
    ['*/*', 'pool'],
    ['r1:dev-1/workers', 'pool'],
    ['dev-1/gpu', ''],
  ])('%s holds back: %s', (text, expected) => {
    const subjects = { region, cluster, pool, token };
    for (const silences of [
      { ...noSilence, asked: [byMatch(text)] },
      { ...noSilence, configured: [byConfig(text)] },
    ]) {
      const held = Object.entries(subjects).filter(([, one]) => silencedBy(silences, about(one), start) !== undefined);
      expect(held.map(([name]) => name).join(' ')).toBe(expected);
    }
  });
});

describe('a silence holds', () => {
  const by = (patch: Partial<typeof noSilence>, at = start) => silencedBy({ ...noSilence, ...patch }, about(pool), at);
  const window = { text: 'night', size: 'idle', pieces: [] } as const;

  test.each<[string, string | undefined, string | undefined]>([
    ['until its end', by({ asked: [byMatch('*')] }, start + hourMs - 1), 'silenced by ada'],
    ['not from its end on', by({ asked: [byMatch('*')] }, start + hourMs), undefined],
    ['with its reason', by({ asked: [byMatch('*', { reason: 'drill' })] }), 'silenced by ada (drill)'],
    ['for its own episode', by({ asked: [ofIncident('k', start)] }), 'silenced by ada'],
    ['not for a later episode', by({ asked: [ofIncident('k', start - 1)] }), undefined],
    ['not for another incident', by({ asked: [ofIncident('other', start)] }), undefined],
    ['by the config', by({ configured: [byConfig('dev-1')] }), 'silenced by the config for dev-1'],
    [
      'by the config for a kind',
      by({ configured: [byConfig('*', { kinds: ['pool.*'] })] }),
      'silenced by the config for *',
    ],
    ['not for another kind', by({ configured: [byConfig('*', { kinds: ['cluster.*'] })] }), undefined],
    ['not after the config’s end', by({ configured: [byConfig('*', { until: start })] }), undefined],
    [
      'until the config’s end',
      by({ configured: [byConfig('*', { until: start + 1 })] }),
      'silenced by the config for *',
    ],
    ['not while its window is closed', by({ configured: [byConfig('*', { window })] }), undefined],
    [
      'while its window is open',
      by({ configured: [byConfig('*', { window })], isWindowOpen: () => true }),
      'silenced by the config for *',
    ],
    [
      'by a person before the config',
      by({ asked: [byMatch('dev-1/workers')], configured: [byConfig('*')] }),
      'silenced by ada',
    ],
  ])('%s', (_, found, expected) => {
    expect(found).toBe(expected);
  });
});

test('a silence is spent at its end, or when its episode is over', () => {
  const [open, over] = [() => true, () => false];
  expect(isSpent(byMatch('*'), start + hourMs - 1, over)).toBe(false);
  expect(isSpent(byMatch('*'), start + hourMs, open)).toBe(true);
  expect(isSpent(ofIncident('k', start), start, open)).toBe(false);
  expect(isSpent(ofIncident('k', start), start, over)).toBe(true);
  expect(isSpent(ofIncident('k', start), start, (key, episode) => key === 'k' && episode === start)).toBe(false);
});

test.each([
  [['pool.error'], 'pool.error', true],
  [['pool.err'], 'pool.error', false],
  [['pool.*'], 'pool.stuck', true],
  [['pool.*'], 'cluster.error', false],
  [['cluster.error', 'pool.*'], 'pool.late', true],
] as const)('%j names %s: %s', (kinds, kind, expected) => {
  expect(namesKind(kinds, kind)).toBe(expected);
});
