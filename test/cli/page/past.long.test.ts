import { describe, expect, test } from 'vitest';
import { makePage } from '../../../lib/cli/page/page-model.ts';
import { countSavings, sumSavings } from '../../../lib/jobs/records/count-savings.ts';
import { equalSize } from '../../../lib/model/size.ts';
import { dayMs, hourMs, minuteMs } from '../../../lib/model/time.ts';
import { bases, countShown, keepFleet, pageNow, smallAway, smallScenes } from '../../support/page-fleet.ts';

/** A week with its people, its troubles and an evening in which nobody looked. */
describe('a week of the page', () => {
  test('shows each pool as the API did', { timeout: 300_000 }, async () => {
    const kept = { scenes: smallScenes, away: smallAway, days: 8, everyMs: 5 * minuteMs, watches: false };
    const fleet = await keepFleet(kept);
    const page = await makePage(fleet.store, fleet.config, pageNow, 'Europe/Berlin');
    expect(page.rows.map(({ cluster, pool }) => `${cluster}/${pool}`).sort()).toEqual(Object.keys(bases).sort());
    for (const row of page.rows) {
      const name = `${row.cluster}/${row.pool}`;
      const told = (at: number) => row.past.findLast(({ from }) => from <= at);
      const all = fleet.shown.filter(({ pool }) => pool === name);
      const shown = all.filter(({ at }) => at >= pageNow - 7 * dayMs && !isAway(at));
      const wrong = shown.filter(({ at, size }) => !equalSize(told(at)?.size, size));
      expect({ name, rounds: shown.length, wrong }).toEqual({ name, rounds: shown.length, wrong: [] });
      const late = shown.filter(({ at }) => {
        const near = all.filter((one) => Math.abs(one.at - at) <= hourMs).map(({ nodes }) => nodes);
        const nodes = told(at)?.nodes ?? -1;
        return nodes < Math.min(...near) || nodes > Math.max(...near);
      });
      expect({ name, late }).toEqual({ name, late: [] });
      expect(shown.length).toBeGreaterThan(7 * 24 * 12 * 0.9);
    }
  });
});

/** Nobody looked then, nor at what came of the last look. */
function isAway(at: number): boolean {
  return smallAway.some(([from, to]) => at >= from - 5 * minuteMs && at < to);
}

describe('a month of savings', () => {
  test('equals a count of what the API really had, within 1 %', { timeout: 300_000 }, async () => {
    const everyMs = 10 * minuteMs;
    const fleet = await keepFleet({ scenes: smallScenes, days: 31, everyMs, watches: false });
    const from = pageNow - 30 * dayMs;
    const { used, always } = countShown(fleet.shown, from, everyMs);
    const { hours } = sumSavings((await countSavings(fleet.store, fleet.config, from, pageNow)).pools);
    const off = (told: number, real: number) => Math.abs(told - real) / real;
    expect(off(hours.always - hours.used, always - used)).toBeLessThan(0.01);
    expect(off(hours.always, always)).toBeLessThan(0.01);
    // Nodes that outlast lowered bounds are not counted, on neither side.
    expect(off(hours.used, used)).toBeLessThan(0.02);
    expect(used).toBeLessThan(0.7 * always);
  });
});
