import { expect, test } from 'vitest';
import { cutDays, nodesInCells } from '../../../lib/decide/rehearsal/week-cells.ts';
import { dayNumber } from '../../../lib/decide/schedule/local-time.ts';
import { at, hour } from '../../support/scaling-world.ts';

const berlin = (date: string, perDay = 24) => cutDays('Europe/Berlin', dayNumber(date) ?? 0, 1, perDay)[0]!;

test.each([
  ['an ordinary day', '2026-03-02', 24],
  ['the day without an hour', '2026-03-29', 23],
  ['the day with an hour twice', '2026-10-25', 25],
])('%s is as long as it is', (_name, date, hours) => {
  const { edges } = berlin(date);
  expect((edges.at(-1)! - edges[0]!) / hour).toBe(hours);
});

test('the skipped hour is an empty cell', () => {
  const day = berlin('2026-03-29');
  const stretches = [{ from: at('2026-03-28T00:00:00Z'), size: 3, isRunning: true, nodes: 3 }];
  const nodes = nodesInCells(day, stretches, at('2026-03-28T00:00:00Z'), at('2026-04-01T00:00:00Z'));
  expect(nodes.map((count) => count === undefined)).toEqual(Array.from({ length: 24 }, (_, i) => i === 2));
});

test('a cell is the average over its time, as far as the rehearsal reaches', () => {
  const day = berlin('2026-03-02', 4);
  const stretches = [
    { from: at('2026-03-02T00:00:00+01:00'), size: 0, isRunning: true, nodes: 0 },
    { from: at('2026-03-02T09:00:00+01:00'), size: 4, isRunning: true, nodes: 4 },
  ];
  const nodes = nodesInCells(day, stretches, at('2026-03-02T03:00:00+01:00'), at('2026-03-02T13:00:00+01:00'));
  expect(nodes).toEqual([0, 2, 4, undefined]);
});
