import { describe, expect, test } from 'vitest';
import { aCliWorld, usualConfig } from './cli-world.ts';

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

  test('end when the config says so, where the API does not', async () => {
    using world = aCliWorld('2026-11-24T19:16:00Z');
    world.writeConfig(`${usualConfig}versions: { "1.35": { eol: 2027-02-28 }, "1.32": { eol: 2026-12-06 } }\n`);
    const { out } = await world.run('clusters');
    const lines = out.split('\n');
    expect(lines.find((line) => line.startsWith('prod-data'))).toMatch(
      /1\.35\.0 +2027-02-28, 96 days, by the config /u,
    );
    expect(lines.find((line) => line.startsWith('dev-batch'))).toMatch(/1\.32\.6 +2026-12-05, 11 days +2 /u);
    const { clusters } = (await world.json('clusters')) as { readonly clusters: readonly Record<string, unknown>[] };
    expect(clusters.find(({ cluster }) => cluster === 'prod-data')).toMatchObject({
      eol: '2027-02-28',
      eolDays: 96,
      eolFrom: 'config',
    });
    const { out: found } = await world.run('doctor');
    expect(found).toContain(
      "the API says that Kubernetes 1.32.6 ends on 2026-12-05, and the config says 2026-12-06: the API's date counts",
    );
    expect(found).toContain("the end of every cluster's Kubernetes version is known, by the config for 1.35.0");
    world.writeConfig(usualConfig);
    expect((await world.run('doctor')).out).toMatch(
      /no end-of-life date for the Kubernetes version of prod-data: nobody will be warned about 1\.35\.0\n.*versions: \{ "1\.35": \{ eol: YYYY-MM-DD \} \}/u,
    );
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

  test('of every region, by name too, and a region that does not answer hides no other', async () => {
    const r2 = '\n  r2: { api: "http://127.0.0.1:8091", token: { env: MKS_TOKEN } }\nschedules:';
    using world = aCliWorld('2026-11-24T19:16:00Z', usualConfig.replace('\nschedules:', r2));
    expect(JSON.parse((await world.run('clusters', 'ml')).out)).toHaveLength(2);
    world.world.failNext({ kind: 'status', status: 401 }, { times: 1 });
    const { code, out, err } = await world.run('clusters', '--json');
    const { clusters, problems } = JSON.parse(out) as {
      readonly clusters: readonly { readonly region: string }[];
      readonly problems: readonly string[];
    };
    expect([code, err, problems]).toEqual([1, '', [expect.stringContaining('region r1')]]);
    expect(new Set(clusters.map(({ region }) => region))).toEqual(new Set(['r2']));
  });
});
