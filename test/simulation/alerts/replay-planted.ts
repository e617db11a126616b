/**
 * Runs the alerts and events simulation as it is, and with `--planted` once with each planted bug about them, by its recorded
 * seed. Says as JSON by what each was caught (null: by nothing).
 */
import { plantedEventBugs } from '../events/planted-bugs.ts';
import { importWith } from '../planted/plant.ts';
import { plantedAlertBugs } from './planted-bugs.ts';

type Alerts = typeof import('./simulate-alerts.ts');
type Events = typeof import('../events/simulate-events.ts');

const caught: { [name: string]: string | null } = {};
const isPlanted = process.argv.includes('--planted');
for (const bug of isPlanted ? plantedAlertBugs : []) {
  const { simulateAlerts } = await importWith<Alerts>(bug, new URL('simulate-alerts.ts', import.meta.url));
  const { violations } = await simulateAlerts({
    seed: bug.seed,
    hours: 5,
    faults: bug.faults,
    ...(bug.parts ? { parts: bug.parts } : {}),
  });
  caught[bug.name] = nameOf(violations);
}
for (const bug of isPlanted ? plantedEventBugs : []) {
  const { simulateEvents } = await importWith<Events>(bug, new URL('../events/simulate-events.ts', import.meta.url));
  const { violations } = await simulateEvents({ seed: bug.seed, days: 2, faults: bug.faults });
  caught[bug.name] = nameOf(violations);
}
const plain = await import('./simulate-alerts.ts');
const again = async () => plain.simulateAlerts({ seed: 1, hours: 2 });
const [one, other] = [await again(), await again()];
const inParts = await plain.simulateAlerts({ seed: 1, hours: 5, parts: 3 });
const events = await (await import('../events/simulate-events.ts')).simulateEvents({ seed: 1, days: 2 });
const clean = {
  violations: [...one.violations, ...inParts.violations, ...events.violations],
  messages: one.messages,
  puts: events.puts,
  isSame: one.hash === other.hash,
};
process.stdout.write(JSON.stringify({ caught, clean }));

/** A bug that only made the program throw proves nothing. */
function nameOf(violations: readonly { readonly kind: string }[]): string | null {
  return violations.find(({ kind }) => kind !== 'thrown')?.kind ?? null;
}
