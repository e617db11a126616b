import { describe, expect, test } from 'vitest';
import { rehearse } from '../../../lib/decide/rehearsal/rehearse.ts';
import type { Lead, Schedule } from '../../../lib/model/schedule.ts';
import type { Term } from '../../../lib/model/size.ts';
import { aConfig, aLease, aPool, aRule, at, minute, officeHours } from '../../support/scaling-world.ts';
import { aCluster } from './rehearsal-fleet.ts';

const leads: readonly Lead[] = [{ kind: 'none' }, { kind: 'fixed', ms: 40 * minute }, { kind: 'auto' }];

function schedule(from: number, to: number, size: Term, lead: Lead): Schedule {
  const pieces = [{ from: from * 3600, to: (to > from ? to : to + 24) * 3600 }];
  return { ...officeHours, windows: [{ text: 'w', size, pieces }], otherwise: 'leave', lead };
}

function rehearsed(own: Schedule, size: number, everyRound: boolean, from = '2026-03-02T11:00:00Z') {
  return rehearse({
    config: aConfig({
      schedules: [own],
      rules: [aRule({ base: 'remembered', lead: own.lead, leases: { max: 9, longestMs: 1e9 } })],
    }),
    from: at(from),
    to: at('2026-03-05T11:00:00Z'),
    clusters: [aCluster('dev', [aPool('a', size), aPool('b', 2)])],
    asks: [aLease(5, '2026-03-03T12:00:00Z', '2026-03-03T14:00:00Z')],
    storedRules: new Map(),
    everyRound,
  });
}

describe.each(leads.map((lead) => [lead.kind, lead] as const))('with lead %s', (_kind, lead) => {
  test.each<[string, number, number, Term, number]>([
    ['only stop', 19, 7, 'idle', 3],
    ['only stop, of what is off', 19, 7, 'idle', 0],
    ['only start', 7, 19, 'base', 3],
    ['only start, of what is off', 7, 19, 'base', 0],
    ['a number', 7, 19, 4, 1],
  ])('%s: rounds that are left out would have changed nothing', (_title, from, to, size, has) => {
    const own = schedule(from, to, size, lead);
    const [few, all] = [rehearsed(own, has, false), rehearsed(own, has, true)];
    expect(few.changes).toEqual(all.changes);
    expect(few.pools).toEqual(all.pools);
    expect(few.findings).toEqual(all.findings);
  });
});

test('a raise that is due after hours of leave is a boundary', () => {
  const { pools } = rehearsed(schedule(7, 19, 4, { kind: 'none' }), 1, false, '2026-03-02T23:00:00Z');
  expect(pools[0]?.boundaries[0]).toMatchObject({ at: at('2026-03-03T07:00:00Z'), wanted: 4 });
  expect(pools[0]?.leftMs).toBe((8 + 12 + 12) * 60 * minute);
});
