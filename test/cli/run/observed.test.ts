import { expect, test } from 'vitest';
import { makeObservedTeller } from '../../../lib/cli/run/round-tellers.ts';
import { type LogFields, silentLog } from '../../../lib/io/log.ts';
import { aNight } from '../../support/night-app.ts';
import { aMatch, aRule, at, hour } from '../../support/scaling-world.ts';

test('mode: observe says what it would do: once, and anew when that has changed', async () => {
  const lines: [string, LogFields | undefined][] = [];
  const tell = makeObservedTeller({ ...silentLog, info: (message, fields) => void lines.push([message, fields]) });
  const rules = [aRule({ match: aMatch('dev-api/workers'), mode: 'observe' })];
  const night = aNight(at('2026-03-02T20:00:00Z'), { rules });
  tell(await night.app.scale(night.config));
  tell(await night.app.scale(night.config));
  expect(lines).toEqual([
    ['would scale dev-api/workers 3 → 0', { region: 'r1', reason: expect.stringContaining('observe') as string }],
  ]);
  await night.clock.advance(12 * hour);
  tell(await night.app.scale(night.config));
  await night.clock.advance(12 * hour);
  tell(await night.app.scale(night.config));
  expect(lines).toHaveLength(2);
});
