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
