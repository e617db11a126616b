import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import { UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import { listHistory } from '../../jobs/records/delivery-records.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { looksLikeId, shortId, standsFor } from '../text/labels.ts';

/**
 * The incident that an id stands for: its own as `incidents` shows it, or that of a message as a chat shows it. undefined
 * where there is none. Throws UsageError where there are several.
 */
export async function findIncident(store: Store, text: string): Promise<IncidentRecord | undefined> {
  if (!looksLikeId(text)) return undefined;
  const incidents = (await listIncidents(store)).map(({ record }) => record);
  const own = incidents.filter(({ key }) => standsFor(text, key));
  if (own.length > 1)
    throw new UsageError(
      `"${text}" stands for ${own.length} incidents, write more of the id: ${own.map(nameOf).join(', ')}`,
    );
  if (own.length === 1) return own[0];
  const told = (await listHistory(store)).findLast(({ id, said }) => said.length === 1 && standsFor(text, id));
  return incidents.find(({ key }) => key === told?.said[0]?.key);
}

function nameOf({ key, kind }: IncidentRecord): string {
  return `${shortId(key)} (${kind})`;
}
