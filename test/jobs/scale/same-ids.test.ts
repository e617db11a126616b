import { expect, test } from 'vitest';
import { roundJson } from '../../../lib/cli/run/round-output.ts';
import { makeHoldTeller, makeObservedTeller } from '../../../lib/cli/run/round-tellers.ts';
import { lookAtFleet } from '../../../lib/cli/status/fleet-status.ts';
import { makeRuleBook } from '../../../lib/decide/scaling/rule-book.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { listIncidents } from '../../../lib/jobs/records/incident-records.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import { createWorld, type World } from '../../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../../lib/simulator/simulator-app.ts';
import { aNight, type Night } from '../../support/night-app.ts';
import { aConfig, aMatch, aRule, at, minute } from '../../support/scaling-world.ts';

// Two regions may name one API, and a copy of a service may give the ids of the other: an id alone tells no pool.

const [first] = aConfig().regions;
const token = { kind: 'env', name: 'TOKEN' } as const;
const regions = [
  { ...first, name: 'r1', url: 'http://one.test/api/v1', mksRegion: undefined, token },
  { ...first, name: 'r2', url: 'http://two.test/api/v1', mksRegion: undefined, token },
];
const inRegion = (region: string, text: string) => ({ ...aMatch(text), text: `${region}:${text}`, region });

type Two = Night & { readonly other: World };

/** Two regions of the same clusters and ids. */
function twoRegions(patch: Partial<CompiledConfig> = {}): Two {
  const rules = ['r1', 'r2'].map((region) =>
    aRule({ match: inRegion(region, 'dev-*/*'), base: 'remembered', idle: 1, hash: region }),
  );
  const worlds: { other?: World } = {};
  const night = aNight(
    at('2026-03-03T20:00:00Z'),
    { regions, rules, ...patch },
    {
      through: (api) => (request) => {
        const asked = new Request(request);
        return asked.url.includes('two.test') && worlds.other ? simulatorApp(worlds.other).fetch(asked) : api(asked);
      },
    },
  );
  const other = createWorld({ clock: night.clock });
  worlds.other = other;
  return { ...night, other };
}

async function rounds({ app, clock, config }: Two, count: number) {
  for (let i = 1; i < count; i += 1) {
    await app.scale(config);
    await app.watch(config);
    await clock.advance(5 * minute);
  }
  return app.scale(config);
}

function sizesOf(world: World): readonly unknown[] {
  return world
    .clusters()
    .filter(({ name }) => name.startsWith('dev-'))
    .flatMap(({ pools }) => pools.map(({ autoscale, size, sizeMax }) => (autoscale ? sizeMax : size)));
}

test('pools with the same ids in two regions are each changed', async () => {
  const two = twoRegions();
  two.other.personResizes('dev-api/workers', { size: 6 });
  await rounds(two, 12);
  expect(sizesOf(two.world)).toEqual([1, 1, 1, 1]);
  expect(sizesOf(two.other)).toEqual([1, 1, 1, 1]);
});

test('each has its own nodes and its own line', async () => {
  const observed = ['r1', 'r2'].map((region) =>
    aRule({ match: inRegion(region, 'dev-*/*'), base: 'remembered', idle: 1, hash: region, mode: 'observe' }),
  );
  const two = twoRegions({ rules: observed });
  two.other.personResizes('dev-api/workers', { size: 6 });
  const report = await rounds(two, 3);
  const nodesOf = (region: string) =>
    roundJson(report, two.config).holds.find((hold) => hold.region === region && hold.pool === 'workers')?.nodes;
  expect([nodesOf('r1'), nodesOf('r2')]).toEqual([3, 6]);
  const lines: unknown[] = [];
  const log = { ...silentLog, info: (_: string, fields?: object) => lines.push(fields) };
  makeObservedTeller(log)(report);
  expect(lines).toHaveLength(8);
});

test('a hold of one does not hide that of the other', async () => {
  const two = twoRegions();
  const report = await two.app.scale(two.config);
  const [hold] = report.plan.holds;
  if (hold === undefined) throw new Error('nothing is held');
  const lines: string[] = [];
  const log = { ...silentLog, info: (line: string) => lines.push(line) };
  const tell = makeHoldTeller(log);
  const both = { ...report, plan: { ...report.plan, notices: [], holds: [hold, { ...hold, region: 'r9' }] } };
  tell(both);
  tell({ ...both, plan: { ...both.plan, holds: [hold] } });
  expect(lines).toHaveLength(3);
});

test('status shows the nodes of each', async () => {
  const two = twoRegions();
  const rules = ['r1', 'r2'].map((region) => aRule({ match: inRegion(region, 'dev-*/*'), mode: 'observe' }));
  two.config = { ...two.config, rules };
  two.other.personResizes('dev-batch/burst', { sizeMin: 7, sizeMax: 8 });
  await rounds(two, 4);
  const now = two.clock.now();
  const { pools } = await lookAtFleet(two.store, two.config, makeRuleBook(two.config, now), now);
  const nodes = pools.filter(({ pool }) => pool.pool === 'burst').map((one) => [one.pool.region, one.nodes]);
  const real = [two.world, two.other].map(
    (world) =>
      world
        .clusters()
        .flatMap(({ pools: own }) => own)
        .find(({ name }) => name === 'burst')?.size,
  );
  expect(nodes).toEqual([
    ['r1', real[0]],
    ['r2', real[1]],
  ]);
  expect(real[0]).not.toBe(real[1]);
});

test('what is gone in one region is still there in the other', async () => {
  const two = twoRegions({ rules: [] });
  for (const world of [two.world, two.other]) world.setClusterError('dev-api', 'disk full');
  await rounds(two, 4);
  two.other.setFault(() => ({ kind: 'status', status: 401 }));
  two.world.deleteCluster('dev-api');
  await rounds(two, 12);
  const open = (await listIncidents(two.store)).flatMap(({ record }) =>
    record.kind === 'cluster.error' && record.phase === 'open' && 'region' in record.subject
      ? [record.subject.region]
      : [],
  );
  expect(open).toEqual(['r2']);
});
