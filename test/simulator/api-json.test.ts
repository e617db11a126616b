import { describe, expect, test } from 'vitest';
import { api, simulated, type Wire } from './simulated.ts';

// The shape of the provider's documentation (2026) and of a recording of its command-line client (2025): key → type.
const beforeRegion = { id: 'string', created_at: 'string', updated_at: 'string', name: 'string', provider: 'string' };
const afterRegion = {
  cpu: 'number',
  memory: 'string',
  local_disk_size: 'string',
  is_active: 'boolean',
  tags: 'array',
};
const machineSpecOf2026 = { ...beforeRegion, ...afterRegion, gpu: 'string' };
const machineSpecOf2025 = { ...beforeRegion, region: 'string', ...afterRegion };
const machineSpec = { ...machineSpecOf2025, gpu: 'string' };
const version = {
  id: 'string',
  created_at: 'string',
  updated_at: 'string',
  version: 'string',
  eol: 'string',
  info: 'string',
  is_active: 'boolean',
};
const clusterOf2026 = {
  id: 'string',
  created_at: 'string',
  updated_at: 'string',
  name: 'string',
  status: 'string',
  control_plane: { custom: { size: 'number', machine_spec: machineSpecOf2026, name: 'string' } },
  errors: 'array',
  version,
  metadata: { openstack_project_id: 'string' },
};
const clusterOf2025 = {
  id: 'string',
  created_at: 'string',
  updated_at: 'string',
  name: 'string',
  organisation_id: 'string',
  status: 'string',
  control_plane: { custom: { size: 'number', machine_spec: machineSpecOf2025, name: 'string' } },
  errors: 'array',
  version,
  metadata: { openstack_project_id: 'string' },
};
const createdClusterOf2025 = {
  id: 'string',
  created_at: 'string',
  updated_at: 'string',
  name: 'string',
  organisation_id: 'string',
  join_token_expires_at: 'string',
  status: 'string',
  control_plane: { custom: { size: 'number', machine_spec: machineSpecOf2025, name: 'string' } },
  errors: 'array',
};
const pool = {
  id: 'string',
  created_at: 'string',
  updated_at: 'string',
  name: 'string',
  status: 'string',
  quantity: 'number',
  size: 'number',
  autoscale: 'boolean',
  machine_spec: machineSpec,
  shared_networks: 'array',
  labels: 'array',
  taints: 'array',
  attach_external_ip: 'boolean',
  autoheal: 'boolean',
  errors: 'array',
};

type Shape = { readonly [key: string]: string | Shape };

function shapeOf(value: unknown, like: Shape): Shape {
  const object = value as { readonly [key: string]: unknown };
  const wanted = Object.keys(object).filter((key) => key in like);
  return Object.fromEntries(wanted.map((key) => [key, typeOf(object[key], like[key])]));
}

function typeOf(value: unknown, like: string | Shape | undefined): string | Shape {
  if (typeof like === 'object') return shapeOf(value, like);
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Same keys, same types, same order. */
function expectShape(value: unknown, like: Shape): void {
  expect(JSON.stringify(shapeOf(value, like))).toBe(JSON.stringify(like));
}

const creation = (machineSpecId: unknown, versionId: unknown) => ({
  name: 'new one',
  kubernetes_version: { id: versionId },
  control_plane: { custom: { size: 3, machine_spec: { id: machineSpecId } } },
  node_pools: [],
});

async function catalogue({ call, world }: ReturnType<typeof simulated>): Promise<{ specs: Wire; versions: Wire }> {
  const specs = await call('GET', `/region/${world.state.region.id}/machine-spec`);
  return { specs: specs.json, versions: (await call('GET', '/kubernetes-version')).json };
}

describe('clusters', () => {
  test('carry every key of both generations', async () => {
    const { json } = await simulated().call('GET', '/cluster');
    for (const cluster of json.items) {
      expectShape(cluster, clusterOf2026);
      expectShape(cluster, clusterOf2025);
      expect(cluster).toMatchObject({ phase: '', health: '' });
    }
    expect(json.items).toHaveLength(6);
  });

  test('answer a creation with nanoseconds', async () => {
    const s = simulated();
    const { specs, versions } = await catalogue(s);
    const { status, json } = await s.call('POST', '/cluster', creation(specs.items[1]?.id, versions.items[1]?.id));
    expect(status).toBe(200);
    expectShape(json, createdClusterOf2025);
    expect(json['created_at']).toMatch(/^2026-11-23T06:00:00\.\d{9}Z$/);
    expect(json.status).toBe('Creating');
    expect('version' in json).toBe(false);
  });

  test('carry microseconds, catalogue entries none', async () => {
    const { json } = await simulated().call('GET', '/cluster');
    expect(json.items[0]?.['updated_at']).toMatch(/T\d\d:\d\d:\d\d\.\d{6}Z$/);
    const spec = { created_at: '2025-02-05T11:14:35Z', memory: '7632', local_disk_size: '32', cpu: 2, gpu: 'NONE' };
    expect(json.items[0]).toMatchObject({ control_plane: { custom: { machine_spec: { ...spec, region: 'WAW4-1' } } } });
  });
});

describe('node pools', () => {
  test('carry their keys, bounds only when they have some', async () => {
    const s = simulated();
    const { json } = await s.call('GET', s.poolPath('dev-api/workers'));
    expectShape(json, pool);
    expect('size_min' in json || 'size_max' in json || 'deleted_at' in json).toBe(false);
    const autoscaled = await s.call('GET', s.poolPath('prod-web/workers'));
    expect(autoscaled.json).toMatchObject({ autoscale: true, size_min: 3, size_max: 9 });
  });

  test('write a size of 0, or leave it out by choice', async () => {
    const fleet = { clusters: [{ name: 'a', pools: [{ name: 'p', size: 0 }] }] };
    const plain = simulated({ fleet });
    expect((await plain.call('GET', plain.poolPath('a/p'))).text).toContain('"size":0,');
    const unset = simulated({ fleet, behaviour: { leavesOutZeroSize: true } });
    expect('size' in (await unset.call('GET', unset.poolPath('a/p'))).json).toBe(false);
  });
});

describe('the other calls', () => {
  test('list versions, one without a known end', async () => {
    const { json } = await simulated().call('GET', '/kubernetes-version');
    for (const item of json.items) expectShape(item, version);
    expect(json.items.map((item) => item['eol'])).toContain('3000-01-01T00:00:00Z');
  });

  test('list regions and machine specs', async () => {
    const s = simulated();
    const { json } = await s.call('GET', '/region?name=WAW4-1');
    expect(json.items[0]).toMatchObject({ name: 'WAW4-1', is_active: true });
    const { specs } = await catalogue(s);
    for (const spec of specs.items) expectShape(spec, machineSpec);
    expect((await s.call('GET', '/region/elsewhere/machine-spec')).status).toBe(404);
  });

  test('count resources and give a kubeconfig that leads nowhere', async () => {
    const s = simulated();
    const { id } = s.world.cluster('dev-api');
    const counts = await s.call('GET', `/cluster/${id}/resource-counts`);
    expect(counts.json['counts']).toMatchObject({ Node: 5 });
    const files = await s.call('GET', `/cluster/${id}/files`);
    expect(files.json['kubeconfig']).toContain('.invalid:6443');
  });

  test('show a page of the API without a token', async () => {
    const response = await simulated().fetch(api.replace('/api/v1', '/swagger'));
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('/api/v1/cluster/:clusterId/node-pool');
  });
});

describe('cluster lists', () => {
  test('take empty parameters as not given', async () => {
    const { json } = await simulated().call('GET', '/cluster?organisationId=&orderBy=&region=WAW4-1');
    expect(json.items).toHaveLength(6);
  });

  test.each([
    ['region=R1', []],
    ['organisationId=somebody-else', []],
    ['orderBy=name', ['dev-api', 'dev-batch', 'mgmt', 'ml', 'prod-data', 'prod-web']],
    ['orderBy=name%20desc', ['prod-web', 'prod-data', 'ml', 'mgmt', 'dev-batch', 'dev-api']],
  ])('with %s', async (query, names) => {
    const { json } = await simulated().call('GET', `/cluster?${query}`);
    expect(json.items.map((item) => item.name)).toEqual(names);
  });
});
