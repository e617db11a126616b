import { describe, expect, test } from 'vitest';
import { makePage } from '../../lib/cli/page/page-model.ts';
import { countSavings, groupSavings, sumSavings, unseenHours } from '../../lib/jobs/records/count-savings.ts';
import { dayMs, minuteMs } from '../../lib/model/time.ts';
import { onlyClusters } from '../support/night-app.ts';
import { countShown, keepFleet, pageNow, smallAway, smallConfig, smallScenes } from '../support/page-fleet.ts';

const everyMs = 15 * minuteMs;
/** Fixed and autoscaled pools. */
const fleet = onlyClusters('dev-api', 'dev-batch', 'prod-web');

describe('savings', () => {
  test('equal a count of what the API really had, within 1 %', { timeout: 120_000 }, async () => {
    const kept = await keepFleet({ everyMs, days: 3.1, watches: false });
    const from = pageNow - 3 * dayMs;
    const found = await countSavings(kept.store, kept.config, from, pageNow);
    const { used, always } = countShown(kept.shown, from, everyMs);
    const { hours } = sumSavings(found.pools);
    expect(Math.abs(hours.used - used) / used).toBeLessThan(0.01);
    expect(Math.abs(hours.always - always) / always).toBeLessThan(0.01);
    expect(Math.abs(hours.always - hours.used - (always - used)) / (always - used)).toBeLessThan(0.02);
    expect(used).toBeLessThan(0.7 * always);
  });

  test('leave out hours in which nobody looked, and are what the page says', { timeout: 60_000 }, async () => {
    const kept = await keepFleet({ scenes: smallScenes, away: smallAway, days: 2.2, everyMs, watches: false });
    const found = await countSavings(kept.store, kept.config, pageNow - 7 * dayMs, pageNow);
    const page = await makePage(kept.store, kept.config, pageNow, 'Europe/Berlin');
    const { hours, money } = sumSavings(found.pools);
    expect(unseenHours(found)).toBeCloseTo(4.8 * 24 + 5.25, 0);
    expect(page.total.last.used).toBeCloseTo(hours.used, 5);
    expect(page.total.last.always).toBeCloseTo(hours.always, 5);
    expect(page.total.lastMoney).toBeCloseTo(money ?? Number.NaN, 5);
    const byRule = groupSavings(found.pools, ({ rule }) => rule?.match.text ?? '');
    expect(byRule.map(({ name }) => name)).toEqual([
      'dev-*/*',
      'dev-batch/burst',
      'ml/gpu',
      'ml/system',
      'prod-*/workers',
      'prod-web/edge',
    ]);
    expect(byRule.find(({ name }) => name === 'ml/system')?.hours.used).toBe(
      byRule.find(({ name }) => name === 'ml/system')?.hours.always,
    );
  });

  test('go back no further than what is kept', { timeout: 60_000 }, async () => {
    const config = `keep: 2d\n${smallConfig}`;
    const kept = await keepFleet({ fleet, config, days: 2.1, everyMs, watches: false });
    const found = await countSavings(kept.store, kept.config, pageNow - 30 * dayMs, pageNow);
    expect([found.from, found.gaps]).toEqual([pageNow - 2 * dayMs, []]);
    const page = await makePage(kept.store, kept.config, pageNow, 'Europe/Berlin');
    expect(page.gaps[0]?.[1]).toBe(pageNow - 2 * dayMs);
    expect(page.total.last.used).toBeCloseTo(sumSavings(found.pools).hours.used, 5);
  });
});
