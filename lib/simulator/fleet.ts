/** A pool with `size` is fixed; one with `min` and `max` is autoscaled. `flavor` is the name of a machine spec. */
export type PoolSpec = { readonly name: string; readonly flavor?: string } & (
  | { readonly size: number }
  | { readonly min: number; readonly max: number }
);

export type ClusterSpec = {
  readonly name: string;
  /** As in `versions`; without it the newest with a known end of life. */
  readonly version?: string;
  readonly controlPlaneSize?: 1 | 3 | 5;
  readonly pools: readonly PoolSpec[];
};

export type FleetSpec = { readonly clusters: readonly ClusterSpec[] };

export type FleetName = 'small' | 'large';

export function fleetOf(fleet: FleetName | FleetSpec): FleetSpec {
  if (fleet === 'small') return smallFleet;
  return fleet === 'large' ? largeFleet() : fleet;
}

const smallFleet: FleetSpec = {
  clusters: [
    {
      name: 'dev-api',
      version: '1.33.4',
      pools: [
        { name: 'workers', size: 3 },
        { name: 'build', size: 2 },
      ],
    },
    {
      name: 'dev-batch',
      version: '1.32.6',
      pools: [
        { name: 'workers', size: 4 },
        { name: 'burst', min: 1, max: 8 },
      ],
    },
    {
      name: 'ml',
      version: '1.34.2',
      pools: [
        { name: 'system', size: 2 },
        { name: 'gpu', min: 0, max: 4, flavor: 'gpu.l40s.large' },
      ],
    },
    {
      name: 'mgmt',
      version: '1.34.2',
      controlPlaneSize: 3,
      pools: [
        { name: 'system', size: 3 },
        { name: 'tools', size: 1 },
      ],
    },
    {
      name: 'prod-web',
      version: '1.33.4',
      controlPlaneSize: 3,
      pools: [
        { name: 'workers', min: 3, max: 9 },
        { name: 'edge', size: 2 },
      ],
    },
    {
      name: 'prod-data',
      version: '1.35.0',
      controlPlaneSize: 3,
      pools: [
        { name: 'workers', min: 3, max: 9 },
        { name: 'stateful', size: 3, flavor: 'eo2a.xlarge' },
      ],
    },
  ],
};

const largeFleetClusters = 1000;

function largeFleet(): FleetSpec {
  return { clusters: Array.from({ length: largeFleetClusters }, (_, index) => largeFleetCluster(index)) };
}

function largeFleetCluster(index: number): ClusterSpec {
  const stage = index % 4 === 3 ? 'prod' : 'dev';
  return {
    name: `${stage}-${String(index + 1).padStart(4, '0')}`,
    pools: [
      { name: 'system', size: 2 },
      { name: 'workers', size: 2 + (index % 5) },
      { name: 'burst', min: 1, max: 6 },
    ],
  };
}
