import { describe, expect, test } from 'vitest';
import { makeApp } from '../../lib/app.ts';
import { silentLog } from '../../lib/io/log.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeSecrets } from '../../lib/io/secrets/secrets.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import { listIncidents } from '../../lib/jobs/records/incident-records.ts';
import { createWorld, type WorldOptions } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { makeIdleClock } from '../support/idle-clock.ts';
import { aConfig, aMatch, aRule, at, minute } from '../support/scaling-world.ts';

const count = 120;
const runMs = 290_000;

type Fault = ReturnType<NonNullable<WorldOptions['fault']>>;
const hang: Fault = { kind: 'hang', applied: false };

/** A fleet at night whose list is answered at once, and of which nothing else is while `hangs` says so. */
function aFleet(hangs: (path: string) => boolean, fault: Fault = hang) {
  const clock = makeIdleClock(at('2026-03-02T22:00:00Z'));
  const pools = [{ name: 'workers', size: 3 }];
  const clusters = Array.from({ length: count }, (_, i) => ({ name: `dev-${i}`, pools }));
  const world = createWorld({
    clock,
    fleet: { clusters },
    keepRequests: 0,
    fault: ({ method, path }) => (method === 'GET' && path.includes('/cluster/') && hangs(path) ? fault : undefined),
  });
  let ids = 0;
  const newId = () => `id-${(ids += 1)}`;
  const store = makeMemoryStore({ newId });
  const redactor = makeRedactor();
  const aws = { read: async () => undefined };
  const secrets = makeSecrets({ clock, redactor, log: silentLog, env: { TOKEN: world.token }, aws });
  const app = makeApp({ store, fetch: simulatorApp(world).fetch, clock, newId, log: silentLog, redactor, secrets });
  const config = aConfig({ rules: [aRule({ match: aMatch('dev-*/*'), base: 3 })] });
  const run = async <T>(work: (timeLeftMs: () => number) => Promise<T>, ms = runMs) => {
    const began = clock.now();
    const result = await work(() => began + ms - clock.now());
    return { result, tookMs: clock.now() - began };
  };
  return { world, store, clock, app, config, run };
}

describe('an API that lists its clusters and then hangs', () => {
  test('a round ends in time, with one problem that says so, and changes nothing', async () => {
    const { app, config, run } = aFleet(() => true);
    const { result, tookMs } = await run((timeLeftMs) => app.scale(config, {}, timeLeftMs));
    expect(tookMs).toBeLessThan(minute);
    expect(result.results).toEqual([]);
    const unasked = result.problems.filter(({ reason }) => reason.includes('were not read'));
    expect(unasked.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^the node pools of \d+ clusters were not read: 32 calls of region r1 in a row/),
    ]);
  });

  test('the watch ends in time, stores what it saw, and opens one incident', async () => {
    const { app, config, run, store, clock } = aFleet(() => true);
    for (let i = 0; i < 3; i += 1) {
      const { result, tookMs } = await run((timeLeftMs) => app.watch(config, undefined, timeLeftMs));
      expect(tookMs).toBeLessThan(2 * minute);
      expect(result).toMatchObject({ isKept: true, clusters: count });
      clock.moveTo(clock.now() + 5 * minute);
    }
    const open = (await listIncidents(store)).map(({ record }) => record).filter(({ phase }) => phase === 'open');
    expect(open.map(({ kind }) => kind)).toEqual(['api.unreachable']);
  });

  test('one cluster of two that hangs costs the others nothing but time, and nobody is always last', async () => {
    const { app, config, run, world, clock } = aFleet((path) => isOdd(path));
    for (let i = 0; i < 5; i += 1) {
      await run((timeLeftMs) => app.scale(config, {}, timeLeftMs));
      clock.moveTo(clock.now() + 5 * minute);
    }
    const sizes = world.clusters().filter(({ id }) => !isOdd(`/cluster/${id}/`));
    const asleep = sizes.filter(({ pools }) => pools[0]?.size === 0);
    expect(asleep.length).toBe(sizes.length);
  });
});

test('a watch of a slow API ends in time, and leaves out what does not fit', async () => {
  const { app, config, run, store } = aFleet(() => true, { kind: 'delay', ms: 9_000 });
  const mostMs = 90_000;
  const { result, tookMs } = await run((timeLeftMs) => app.watch(config, undefined, timeLeftMs), mostMs);
  expect(tookMs).toBeLessThan(mostMs);
  expect(result).toMatchObject({ isKept: true, problems: [] });
  expect(result.pools.length).toBeGreaterThan(0);
  expect(result.pools.length).toBeLessThan(count);
  expect(await listIncidents(store)).toEqual([]);
});

function isOdd(path: string): boolean {
  const id = /\/cluster\/([^/]+)/.exec(path)?.[1] ?? '';
  return Number.parseInt(id.at(-1) ?? '0', 16) % 2 === 1;
}
