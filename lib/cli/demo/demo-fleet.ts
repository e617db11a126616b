import type { FleetSpec } from '../../simulator/fleet.ts';

/** Small enough to be seen whole. */
export const demoFleet: FleetSpec = {
  clusters: [
    {
      name: 'dev-api',
      pools: [
        { name: 'build', size: 2 },
        { name: 'workers', size: 4 },
      ],
    },
    { name: 'dev-batch', pools: [{ name: 'workers', size: 6 }] },
    { name: 'ml', pools: [{ name: 'gpu', min: 1, max: 4 }] },
    {
      name: 'prod-web',
      pools: [
        { name: 'edge', size: 2 },
        { name: 'workers', min: 3, max: 9 },
      ],
    },
    { name: 'mgmt', pools: [{ name: 'system', size: 3 }] },
  ],
};

export const demoZone = 'Europe/Berlin';

/** The config of the story, as a person would write it. */
export const demoConfig = `timezone: ${demoZone}
regions:
  demo: { api: "http://127.0.0.1:8090", token: { env: DEMO_TOKEN } }
schedules:
  office-hours:
    windows: [{ days: mon-fri, from: "07:00", to: "19:00" }]
    otherwise: idle
    lead: auto
pools:
  - { match: "mgmt/*", schedule: none }
  - { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 0, limits: { min: 0 } }
  - { match: "ml/gpu", schedule: office-hours, base: { min: 1, max: 4 }, idle: 0, limits: { min: 0 }, leases: { max: 6 } }
  - { match: "prod-web/edge", schedule: office-hours, base: 2, idle: 1 }
  - { match: "prod-web/workers", schedule: office-hours, base: { min: 3, max: 9 }, idle: { min: 1, max: 3 } }
`;
