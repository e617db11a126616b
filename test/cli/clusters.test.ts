import { describe, expect, test } from 'vitest';
import { aCliWorld } from './cli-world.ts';

describe('clusters', () => {
  test('are all there, managed or not, with what is wrong', async () => {
    using world = aCliWorld('2026-11-24T19:16:00Z');
    world.world.setClusterError('prod-data', 'etcd leader lost');
    const { out: stdout, code } = await world.run('clusters');
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^cluster +status +version +ends +pools +nodes +rules$/u);
    expect(lines.find((line) => line.startsWith('dev-batch'))).toMatch(/Running +1\.32\.6 +2026-12-05, 11 days +2 /u);
    expect(lines.find((line) => line.startsWith('mgmt'))).toMatch(/none: only watched$/u);
    expect(lines.find((line) => line.startsWith('prod-data'))).toMatch(/Error +1\.35\.0 +not known/u);
    expect(stdout).toContain('  etcd leader lost');
    expect(stdout).toMatch(/6 clusters, \d+ nodes\n$/u);
  });

  test('one by its name is what the API says, every key of it', async () => {
    using world = aCliWorld('2026-11-24T19:16:00Z');
    const { out: stdout, code } = await world.run('clusters', 'prod-web');
    expect(code).toBe(0);
    const [cluster] = JSON.parse(stdout) as readonly Record<string, unknown>[];
    expect(cluster).toMatchObject({
      name: 'prod-web',
      version: { version: '1.33.4' },
      control_plane: { custom: { size: 3 } },
    });
    expect(Object.keys(cluster ?? {})).toEqual(expect.arrayContaining(['organisation_id', 'metadata', 'errors']));
  });

  test('that nobody lists are an error, as is a region that does not answer', async () => {
    using world = aCliWorld('2026-11-24T19:16:00Z');
    const unknown = await world.run('clusters', 'nobody');
    expect([unknown.code, unknown.err]).toEqual([1, 'No region lists a cluster "nobody"; see: lamplighter clusters\n']);
    world.world.failNext({ kind: 'status', status: 401 }, { times: 9 });
    const refused = await world.run('clusters');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('could not be listed: the token was refused (401)');
  });
});
