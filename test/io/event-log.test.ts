import { expect, test } from 'vitest';
import { makeTroubleLog } from '../../lib/io/event-log.ts';
import { type LogFields, silentLog } from '../../lib/io/log.ts';

function aLog() {
  const lines: (LogFields | undefined)[] = [];
  const told: string[] = [];
  const clock = { at: 0, now: () => clock.at, sleep: async () => {} };
  const warn = (_: string, fields?: LogFields) => void lines.push(fields);
  const tell = makeTroubleLog({ log: { ...silentLog, warn }, clock, onTrouble: ({ what }) => void told.push(what) });
  const refuse = (source: string, n: number) => tell({ what: 'event refused', source, event: `e${n}`, reason: 'no' });
  return { lines, told, clock, refuse, tell };
}

test('a batch of the largest size is told in full', () => {
  const { lines, refuse } = aLog();
  for (let n = 0; n < 1000; n += 1) refuse('ci', n);
  expect(lines).toHaveLength(1000);
  expect(lines.at(-1)).toEqual({ source: 'ci', event: 'e999', reason: 'no' });
});

test('more than that is left out, counted, and told as soon as there is room', () => {
  const { lines, told, clock, refuse } = aLog();
  for (let n = 0; n < 5000; n += 1) refuse('ci', n);
  expect([lines.length, told.length]).toEqual([1000, 5000]);
  clock.at += 100;
  refuse('ci', 5000);
  refuse('ci', 5001);
  expect(lines).toHaveLength(1001);
  expect(lines.at(-1)).toMatchObject({ event: 'e5000', leftOut: 4000 });
});

test('a source in a loop keeps no other source quiet, and strangers keep none', () => {
  const { lines, refuse, tell } = aLog();
  for (let n = 0; n < 5000; n += 1) refuse('ci', n);
  for (let n = 0; n < 5000; n += 1) tell({ what: 'event not authorized', source: undefined, reason: 'no' });
  refuse('other', 1);
  expect(lines).toHaveLength(1101);
  expect(lines.at(-1)).toMatchObject({ source: 'other' });
});
