import type { DestinationConfig } from '../../lib/model/config.ts';

/** A chat as the config has it when nothing more is said. */
export function aDestination(name: string, patch: Partial<DestinationConfig> = {}): DestinationConfig {
  return {
    name,
    kind: 'slack',
    url: { kind: 'env', name: 'URL' },
    key: undefined,
    secrets: [],
    format: 'json',
    only: { severity: undefined, kinds: undefined, clusters: undefined },
    fallback: undefined,
    retired: false,
    insecure: false,
    zone: 'UTC',
    ...patch,
  };
}
