import { sha256 } from '../../app.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { loadMemory } from '../../jobs/records/memory-records.ts';
import { loadWaiting } from '../../jobs/records/waiting-deliveries.ts';
import type { OpenedApp } from './process-parts.ts';
import type { Standing } from './run-metrics.ts';

/** What is open, what ends soon, and what waits to be told: read from the store, never from the API. */
export async function standingOf({ store, app }: OpenedApp, config: CompiledConfig): Promise<Standing> {
  const open = (await listIncidents(store)).map(({ record }) => record).filter(({ phase }) => phase === 'open');
  const of = (severity: string) => open.filter((record) => record.severity === severity).length;
  return {
    incidents: { critical: of('critical'), warning: of('warning'), info: of('info') },
    eols: await eolsOf(store, config),
    tokens: config.regions.flatMap(({ name, token }) => {
      const at = app.parts.secrets.token(token).expires();
      return at === undefined ? [] : [{ region: name, at }];
    }),
    waiting: await loadWaiting(store, config.destinations, sha256),
  };
}

async function eolsOf(store: OpenedApp['store'], config: CompiledConfig): Promise<Standing['eols']> {
  const regions = await Promise.all(config.regions.map(({ name }) => loadMemory(store, name)));
  return regions.flatMap(({ memory }) =>
    memory.clusters.flatMap(({ name, due }) =>
      due?.date === undefined ? [] : [{ region: memory.region, cluster: name, version: due.of, at: due.date }],
    ),
  );
}
