import { describe, expect, test } from 'vitest';
import { aCliWorld, type CliWorld } from './cli-world.ts';

const config = (labels: string) => `timezone: Europe/Berlin
regions: { r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } } }
schedules:
  office-hours: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle }
  always: { otherwise: base }
pools:
  - { match: "dev-*/*", labels: ${labels}, schedule: always, base: remembered, idle: 1 }
  - { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 1 }
safety: { brake: off }
`;

function label(
  world: CliWorld,
  cluster: string,
  pool: string,
  labels: readonly { key: string; value: string }[],
): void {
  for (const one of world.world.state.clusters.values())
    for (const own of one.pools.values()) if (one.name === cluster && own.name === pool) own.labels = [...labels];
}

async function nightOf(world: CliWorld): Promise<void> {
  for (let i = 0; i < 12; i += 1) {
    await world.run('run', '--once');
    await world.clock.advance(5 * 60_000);
  }
}

type Status = { pools: { cluster: string; pool: string; wanted: unknown; seen: unknown }[] };

async function seenOf(world: CliWorld, cluster: string): Promise<{ [pool: string]: unknown }> {
  const { pools } = (await world.json('status')) as Status;
  return Object.fromEntries(pools.filter((one) => one.cluster === cluster).map(({ pool, seen }) => [pool, seen]));
}

describe('rules by label', () => {
  test('scale what has it and what has not, each as its rule says', async () => {
    using world = aCliWorld('2026-11-24T19:00:00Z', config('{ team: data }'));
    label(world, 'dev-api', 'workers', [{ key: 'team', value: 'data' }]);
    const before = await (async () => {
      await world.run('run', '--once');
      return seenOf(world, 'dev-api');
    })();
    await nightOf(world);
    const after = await seenOf(world, 'dev-api');
    expect(after['workers']).toEqual(before['workers']);
    expect(after['build']).toBe(1);
    const { out } = await world.run('explain', 'dev-api/workers');
    expect(out).toContain('rule "dev-*/*" with { team: data }');
    const other = await world.run('explain', 'dev-api/build');
    expect(other.out).toContain('asks for { team: data }, which the pool is not known to have');
  });

  test('that no pool has are told, with what comes near', async () => {
    using world = aCliWorld('2026-11-24T12:00:00Z', config('{ team: dta }'));
    label(world, 'dev-api', 'workers', [{ key: 'team', value: 'data' }]);
    const { out } = await world.run('doctor');
    expect(out.replaceAll(/\s+/gu, ' ')).toContain(
      'the rule "dev-*/*" with { team: dta } in line 7 matches no pool of the fleet; did you mean { team: data }?',
    );
    await world.run('run', '--once');
    const incidents = JSON.stringify(await world.json('incidents'));
    expect(incidents).toContain('with { team: dta }');
  });

  test('that a pool has are no mismatch', async () => {
    using world = aCliWorld('2026-11-24T12:00:00Z', config('{ team: "d*" }'));
    label(world, 'dev-api', 'workers', [{ key: 'team', value: 'data' }]);
    const { out } = await world.run('doctor');
    expect(out).not.toContain('matches no pool');
  });

  test('are rehearsed as the fleet has them', async () => {
    using world = aCliWorld('2026-11-24T12:00:00Z', config('{ team: data }'));
    label(world, 'dev-api', 'workers', [{ key: 'team', value: 'data' }]);
    const told = (await world.json('rehearse', '--days', '1')) as {
      pools: { cluster: string; pool: string; schedule: string }[];
      changes: { cluster: string; pool: string }[];
    };
    const schedules = told.pools
      .filter(({ cluster }) => cluster === 'dev-api')
      .map(({ pool, schedule }) => [pool, schedule]);
    expect(Object.fromEntries(schedules)).toMatchObject({ workers: 'always', build: 'office-hours' });
    expect(told.changes.filter(({ cluster, pool }) => cluster === 'dev-api' && pool === 'workers')).toEqual([]);
  });

  test('are what uninstall looks for pools below their base by', async () => {
    const ofLabel = config('{ team: data }').replace(
      'schedule: always, base: remembered',
      'schedule: always, base: 9, everyPool: true',
    );
    using world = aCliWorld('2026-11-24T12:00:00Z', ofLabel);
    label(world, 'dev-api', 'workers', [{ key: 'team', value: 'data' }]);
    expect(await world.json('uninstall', '--dry-run')).toEqual({
      away: [],
      belowBase: [{ region: 'r1', cluster: 'dev-api', pool: 'workers', seen: 3, base: 9 }],
    });
  });
});
