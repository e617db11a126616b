import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rehearse } from '../../../lib/decide/rehearsal/rehearse.ts';
import type { Ask } from '../../../lib/model/asks.ts';
import type { Lead, Window } from '../../../lib/model/config.ts';
import { runs } from '../../support/runs.ts';
import {
  aConfig,
  aLease,
  anOverride,
  aPause,
  aPool,
  aRule,
  at,
  hour,
  minute,
  officeHours,
} from '../../support/scaling-world.ts';
import { aCluster } from './rehearsal-fleet.ts';

const from = at('2026-03-27T10:00:00Z');
const instant = fc.integer({ min: 0, max: 4 * 24 }).map((hours) => new Date(from + hours * hour).toISOString());

const leads = fc.constantFrom<Lead>({ kind: 'none' }, { kind: 'auto' }, { kind: 'fixed', ms: 90 * minute });
const windows = fc.array(
  fc.record({
    start: fc.integer({ min: 0, max: 23 }),
    lasts: fc.integer({ min: 1, max: 24 }),
    size: fc.constantFrom('base' as const, 'idle' as const, 2),
  }),
  { minLength: 1, maxLength: 3 },
);
const asks = fc.array(
  fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 6 }), instant)
      .map(([n, until]): Ask => aLease(n, new Date(from).toISOString(), until)),
    instant.map((until): Ask => anOverride(1, new Date(from).toISOString(), until)),
    instant.map((until): Ask => aPause(new Date(from).toISOString(), until)),
  ),
  { maxLength: 2 },
);

test('leaving out quiet rounds changes nothing that is told', () => {
  const input = fc.record({
    lead: leads,
    windows,
    asks,
    size: fc.integer({ min: 0, max: 4 }),
    remembered: fc.boolean(),
    young: fc.boolean(),
  });
  fc.assert(
    fc.property(input, ({ lead, windows: given, asks: asked, size, remembered, young }) => {
      const pieces = given.map(
        ({ start, lasts, size: term }): Window => ({
          text: '',
          size: term,
          pieces: [{ from: start * 3600, to: (start + lasts) * 3600 }],
        }),
      );
      const schedules = [{ ...officeHours, zone: 'Europe/Berlin', windows: pieces, lead }];
      const base = remembered ? ('remembered' as const) : 4;
      const config = aConfig({ schedules, rules: [aRule({ lead, base, graceMs: 2 * hour })], everyMs: 15 * minute });
      const pool = aPool('a', size, young ? { createdAt: from - hour } : {});
      const clusters = [aCluster('dev', [pool, aPool('b', { min: 1, max: 3 })])];
      const span = { from, to: from + 4 * 24 * hour, config, clusters, asks: asked, storedRules: new Map() };
      expect(rehearse(span)).toEqual(rehearse({ ...span, everyRound: true }));
    }),
    runs(10),
  );
});
