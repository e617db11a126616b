import { expect, test } from 'vitest';
import { tellNotice } from '../../../lib/decide/incidents/who-is-told.ts';
import { cluster, destination, hash, match, noSilence, only, start, told } from './incident-world.ts';

const notice = { kind: 'cluster.gone', subject: cluster, text: 'Cluster dev-1 is gone', at: start } as const;
const destinations = [
  destination('ops'),
  destination('pager', { kind: 'pagerduty' }),
  destination('am', { kind: 'alertmanager' }),
  destination('old', { retired: true }),
  destination('criticals', { only: only('critical') }),
  destination('gone', { only: only('info', { kinds: ['cluster.gone'] }) }),
];
const telling = { now: start + 1000, hash, destinations, silences: noSilence };

test('goes to whoever takes info, never to what is keyed', () => {
  expect(told(tellNotice(notice, telling))).toEqual(['ops notice', 'gone notice']);
});

test('made twice has the same ids', () => {
  const later = { ...telling, now: start + 60_000 };
  expect(tellNotice(notice, later).map(({ id }) => id)).toEqual(tellNotice(notice, telling).map(({ id }) => id));
});

test('in silence is not told', () => {
  const silence = { schema: 1, id: 's', who: 'ada', reason: undefined, askedAt: start, until: start + 9e6 } as const;
  const asked = [{ ...silence, scope: { kind: 'match', match: match('dev-*') } } as const];
  expect(tellNotice(notice, { ...telling, silences: { ...noSilence, asked } })).toEqual([]);
});
