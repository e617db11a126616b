import { registerHooks } from 'node:module';
import type { PlantedBug } from './planted-bugs.ts';

type Simulate = typeof import('./simulate-alerts.ts').simulateAlerts;

let bugs: ReadonlyMap<string, PlantedBug> = new Map();

/** Each bug has its own copy of the project's modules: their addresses carry its number, and one file is changed. */
registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context);
    const planted = /\?planted=\d+$/.exec(context.parentURL ?? '')?.[0];
    const isOurs = planted !== undefined && found.url.startsWith('file:') && !found.url.includes('/node_modules/');
    return isOurs && !found.url.includes('?') ? { ...found, url: `${found.url}${planted}` } : found;
  },
  load: (url, context, next) => {
    const loaded = next(url, context);
    const bug = bugs.get(/\?planted=(\d+)$/.exec(url)?.[1] ?? '');
    if (bug === undefined || !new URL(url).pathname.endsWith(bug.file)) return loaded;
    return { ...loaded, source: plant(String(loaded.source), bug) };
  },
});

function plant(source: string, { find, put, name }: PlantedBug): string {
  if (source.split(find).length !== 2) throw new Error(`"${name}" finds its place no more`);
  return source.replace(find, () => put);
}

export async function simulateWith(bug: PlantedBug): Promise<Simulate> {
  const number = String(bugs.size + 1);
  bugs = new Map([...bugs, [number, bug]]);
  const { simulateAlerts } = (await import(`./simulate-alerts.ts?planted=${number}`)) as { simulateAlerts: Simulate };
  return simulateAlerts;
}
