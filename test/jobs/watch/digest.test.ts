import { describe, expect, test } from 'vitest';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import { aChat, anAnnouncedNight, deliveriesIn, tick, ticks } from '../../support/announced-night.ts';
import type { Night } from '../../support/night-app.ts';
import { aMatch, aRule, at, hour } from '../../support/scaling-world.ts';

const digest = { to: ['ops'], weekday: 1, seconds: 8 * 3600 } as const;

function aFleet(from: string, patch: Partial<CompiledConfig> = {}): Night {
  const rules = [aRule({ match: aMatch('dev-api/*'), base: 'remembered' })];
  const destinations = [aChat('ops')];
  return anAnnouncedNight(from, { rules, destinations, digest, everyMs: 15 * 60_000, ...patch });
}

/** Rounds of a whole night, then only now and then: what is in between is known to be the same. */
async function seldom(night: Night, until: string, everyMs = 6 * hour): Promise<void> {
  while (night.clock.now() < at(until)) {
    await tick(night);
    await night.clock.advance(everyMs);
  }
}

async function told(night: Night) {
  return (await deliveriesIn(night.store, 'digest')).map(({ facts }) => facts);
}

describe('a digest', () => {
  test('comes once a week, whoever looks, and after a restart', async () => {
    const night = aFleet('2026-03-02T06:00:00Z');
    await ticks(night, '2026-03-02T09:00:00Z');
    expect(await told(night)).toHaveLength(1);
    const other = aFleet('2026-03-02T09:00:00Z');
    await Promise.all([night.app.watch(night.config), night.app.watch(night.config), other.app.watch(other.config)]);
    expect(await told(night)).toHaveLength(1);
    await night.clock.advance(at('2026-03-09T07:50:00Z') - night.clock.now());
    await ticks(night, '2026-03-09T09:00:00Z');
    expect(await told(night)).toHaveLength(2);
  });

  test('a week in which the clocks change ends where the next one begins', async () => {
    const zone = 'Europe/Berlin';
    const night = aFleet('2026-03-22T06:00:00Z', { zone });
    await seldom(night, '2026-04-06T08:00:00Z', hour);
    const always = (await told(night)).map(({ text, facts }) => [text.slice(0, 37), facts['node-hours']]);
    // 5 nodes at base, an hour less of them in the first week.
    expect(always.slice(1)).toEqual([
      ['The week to Mon 30 Mar 2026, 08:00 CE', expect.stringContaining('735 at the bases')],
      ['The week to Mon 6 Apr 2026, 08:00 CES', expect.stringContaining('740 at the bases')],
    ]);
  });

  test('is not told of a period that ended before anybody looked', async () => {
    const night = aFleet('2026-03-02T08:10:00Z');
    await ticks(night, '2026-03-02T12:00:00Z');
    expect(await told(night)).toEqual([]);
  });

  test('a first one says what it does not know', async () => {
    const night = aFleet('2026-03-02T06:00:00Z');
    await ticks(night, '2026-03-02T09:00:00Z');
    const [facts] = await told(night);
    expect(facts?.facts['not known']).toBe('the time before Mon 2 Mar 2026, 06:00 UTC: no sizes were recorded');
  });

  test('counts what was saved, late, wrong and set by hand, and what comes', async () => {
    const schedules = [
      {
        ...anAnnouncedNight('2026-03-02T06:00:00Z').config.schedules[0]!,
        zone: 'Europe/Berlin',
        calendarDays: [{ date: '2026-03-31', size: 'idle' as const }],
      },
    ];
    const exceptions = [
      {
        match: aMatch('dev-api/*'),
        start: '2026-03-26T18:00:00',
        end: '2026-03-27T06:00:00',
        size: 'base' as const,
        reason: 'load test',
        position: { file: 'lamplighter.yml', line: 9 },
      },
    ];
    const night = aFleet('2026-03-16T06:00:00Z', {
      schedules,
      exceptions,
      zone: 'Europe/Berlin',
      prices: { currency: 'EUR', flavors: {}, default: 0.5 },
    });
    await ticks(night, '2026-03-17T09:00:00Z');
    night.world.personResizes('dev-api/workers', { size: 5 });
    await ticks(night, '2026-03-17T12:00:00Z');
    await seldom(night, '2026-03-23T06:00:00Z');
    await ticks(night, '2026-03-23T08:00:00Z');
    const facts = (await told(night)).at(-1);
    expect(facts?.text).toMatch(
      /^The week to Mon 23 Mar 2026, 08:00 CET \(Europe\/Berlin\): [\d,]+ node-hours saved \(\d+ %, EUR [\d,]+\), 0 scale-ups late, \d+ incidents?, 1 change by hand/,
    );
    expect(facts?.facts['next week']).toBe(
      'dev-api/* from 2026-03-26 (load test), the clocks of Europe/Berlin change on 2026-03-29',
    );
  });
});
