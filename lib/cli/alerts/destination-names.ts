import { sha256 } from '../../app.ts';
import type { CompiledConfig } from '../../decide/compiled-config.ts';
import { destinationId } from '../../decide/incidents/destination-id.ts';

/** The name of a destination by its id; one that is configured otherwise by now says so. */
export function makeDestinationNames({ destinations }: Pick<CompiledConfig, 'destinations'>): (id: string) => string {
  const present = new Set(destinations.map((destination) => destinationId(destination, sha256)));
  const names = new Set(destinations.map(({ name }) => name));
  return (id) => {
    const name = id.slice(0, id.lastIndexOf('~'));
    if (present.has(id)) return name;
    return names.has(name) ? `${name} (its old address)` : `${name} (no longer configured)`;
  };
}
