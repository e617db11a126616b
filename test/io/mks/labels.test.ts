import * as v from 'valibot';
import { expect, test } from 'vitest';
import { poolShape, toPool } from '../../../lib/io/mks/shapes.ts';

const pool = { id: 'p', name: 'workers', status: 'Running', autoscale: false, size: 3 };

test.each<[string, object, unknown]>([
  ['as the service writes them', { labels: [{ key: 'team', value: 'data' }] }, { team: 'data' }],
  ['none', { labels: [] }, {}],
  ['left out: nobody knows', {}, undefined],
  ['null: nobody knows', { labels: null }, undefined],
  ['a map in place of the list: nobody knows', { labels: { team: 'data' } }, undefined],
  ['one that cannot be read: nobody knows', { labels: [{ key: 'team', value: 'data' }, 'x'] }, undefined],
  ['an empty value', { labels: [{ key: 'team', value: '' }] }, { team: '' }],
  ['a value left out', { labels: [{ key: 'team' }] }, { team: '' }],
  ['a value of null', { labels: [{ key: 'team', value: null }] }, { team: '' }],
  ['dots, slashes and case', { labels: [{ key: 'Example.org/a.b', value: 'X.y-Z' }] }, { 'Example.org/a.b': 'X.y-Z' }],
])('labels: %s', (_title, more, labels) => {
  const read = v.safeParse(poolShape, { ...pool, ...more });
  expect(read.success && toPool(read.output, (text) => text).labels).toEqual(labels);
});

test('a secret in a label, or in the name of a machine, is shown to nobody', () => {
  const labels = [
    { key: 'a', value: 'SECRET' },
    { key: 'b-SECRET', value: 'c' },
  ];
  const read = v.parse(poolShape, { ...pool, labels, machine_spec: { name: 'eo2.SECRET' } });
  const shown = toPool(read, (text) => text.replace('SECRET', '…'));
  expect(shown.labels).toEqual({ a: '…', 'b-…': 'c' });
  expect(shown.flavor).toBe('eo2.…');
});
