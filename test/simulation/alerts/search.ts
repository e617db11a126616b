/**
 * Searches for seeds that break a promise about alerts or events:
 * `node test/simulation/alerts/search.ts [--events] [--from 1] [--seeds 100]`.
 */
import { parseArgs } from 'node:util';
import { simulateEvents } from '../events/simulate-events.ts';
import { simulateAlerts } from './simulate-alerts.ts';

const { values } = parseArgs({
  options: {
    alerts: { type: 'boolean' },
    events: { type: 'boolean' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '100' },
  },
});
const from = Number(values.from);
let clusterDays = 0;
let bad = 0;
for (let seed = from; seed < from + Number(values.seeds); seed += 1) {
  const result = values.events ? await simulateEvents({ seed }) : await simulateAlerts({ seed });
  clusterDays += result.clusterDays;
  bad += Number(result.violations.length > 0);
  for (const { at, kind, text } of result.violations.slice(0, 5)) {
    console.log(`seed ${seed} ${new Date(at).toISOString()} ${kind}: ${text}`);
  }
}
console.log(`${values.seeds} seeds, ${clusterDays.toFixed(0)} cluster-days, ${bad} seeds with violations`);
process.exitCode = bad > 0 ? 1 : 0;
