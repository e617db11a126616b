import { expect, test } from 'vitest';
import { drawWeek } from '../../../lib/cli/rehearse/week-picture.ts';
import { poolLabels } from '../../../lib/cli/text/labels.ts';
import { makePaint } from '../../../lib/cli/text/paint.ts';
import type { Rule } from '../../../lib/model/config.ts';
import { aCluster, rehearsed } from '../../decide/rehearsal/rehearsal-fleet.ts';
import { aConfig, aMatch, aPool, aRule } from '../../support/scaling-world.ts';

const rules = [
  aRule({ match: aMatch('dev-*/workers'), hash: 'r-dev' }),
  aRule({ match: aMatch('ml-*/*'), hash: 'r-ml', idle: 1, base: 'remembered' }),
];

/** A week of so many development clusters, and machine-learning ones of other sizes. */
function pictureOf(dev: number, ml: readonly number[], shown: readonly Rule[] = rules): readonly string[] {
  const clusters = [
    ...Array.from({ length: dev }, (_, i) => aCluster(`dev-${i + 1}`, [aPool(`workers`, 3, { id: `dev-${i}` })])),
    ...ml.map((size, i) => aCluster(`ml-${i + 1}`, [aPool('gpu', size, { id: `ml-${i}` })])),
  ];
  const config = aConfig({ rules: shown });
  const week = rehearsed(clusters, '2026-03-02T08:00:00Z', '2026-03-04T08:00:00Z', { rules: config.rules });
  const paint = makePaint({ isTerminal: false }, {});
  return drawWeek(week, 'UTC', { config, columns: 100, label: poolLabels(config), paint });
}

const rowsOf = (lines: readonly string[]) => lines.filter((line) => /[█▓▒░·]/u.test(line) && !line.startsWith('one'));

test('every pool of a small fleet has a row', () => {
  const rows = rowsOf(pictureOf(38, [2, 4]));
  expect(rows).toHaveLength(40);
  expect(rows[0]).toMatch(/^dev-1\/workers +█{11}[█▓▒░]·+ ·+█+/u);
});

test('of a large fleet the pools of one rule that look the same are one row', () => {
  const rows = rowsOf(pictureOf(300, [2, 4, 4]));
  expect(rows.map((row) => row.split('  ')[0])).toEqual(['300 × dev-*/workers', 'ml-1/gpu', '2 × ml-*/*']);
  expect(rows[0]?.replace(/^.{19}/u, '')).toEqual(rowsOf(pictureOf(1, []))[0]?.replace(/^dev-1\/workers/u, ''));
});

test('those that look the same under two rules stay apart', () => {
  const twin = aRule({ match: aMatch('ml-*/*'), hash: 'r-twin' });
  const rows = rowsOf(pictureOf(40, [3, 3], [rules[0] as Rule, twin]));
  expect(rows.map((row) => row.split('  ')[0])).toEqual(['40 × dev-*/workers', '2 × ml-*/*']);
});

test('a rule that asks for labels names its pools too', () => {
  const asking = aRule({ match: { ...aMatch('dev-*/*'), labels: { team: 'data' } }, hash: 'r-data' });
  const rows = rowsOf(pictureOf(40, [4, 4], [asking, ...rules]));
  expect(rows.map((row) => row.split('  ')[0])).toEqual(['40 × dev-*/*', '2 × ml-*/*']);
});
