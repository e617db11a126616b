import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listAway } from '../../../lib/cli/uninstall/restore-pools.ts';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { clusterWrite, readUninstalled } from '../../../lib/jobs/records/cluster-records.ts';
import type { FaultHook } from '../../../lib/simulator/faults.ts';
import { aCliNight, type CliNight } from '../../support/cli-night.ts';
import { onlyClusters } from '../../support/night-app.ts';
import { at, hour, minute } from '../../support/scaling-world.ts';

const config = `
timezone: UTC
every: 15m
regions: { r1: { api: http://127.0.0.1:9/api/v1, token: { env: TOKEN } } }
schedules:
  office: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle }
defaults: { limits: { min: 0 } }
safety: { brake: off }
pools:
  - { match: "dev-api/build", schedule: office, base: 2, idle: 0, onRemove: leave }
  - { match: "dev-*/*", schedule: office, base: remembered, idle: 0 }
  - { match: "ml/gpu", schedule: office, base: { min: 0, max: 4 }, idle: 0 }`;

async function rounds(night: CliNight, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await night.run('run', '--once');
    night.clock.moveTo(night.clock.now() + 15 * minute);
  }
}

/** Asleep since 19:00, with everything in its place. */
async function asleep(fault?: FaultHook): Promise<CliNight> {
  const start = at('2026-03-02T18:45:00Z');
  const fleet = onlyClusters('dev-api', 'dev-batch', 'ml');
  const night = await aCliNight({ start, config, fleet, ...(fault ? { fault } : {}) });
  await rounds(night, 4);
  expect(sizes(night)).toEqual({
    'dev-api/workers': 0,
    'dev-api/build': 0,
    'dev-batch/workers': 0,
    'dev-batch/burst': '0..0',
    'ml/gpu': '0..0',
  });
  return night;
}

const own = ['dev-api/workers', 'dev-api/build', 'dev-batch/workers', 'dev-batch/burst', 'ml/gpu'];
const home = {
  'dev-api/workers': 3,
  'dev-api/build': 0,
  'dev-batch/workers': 4,
  'dev-batch/burst': '1..8',
  'ml/gpu': '0..4',
};

function sizes(night: CliNight): Record<string, unknown> {
  return Object.fromEntries(
    own.map((path) => {
      const pool = night.world.pool(path);
      return [path, pool.autoscale ? `${pool.sizeMin}..${pool.sizeMax}` : pool.size];
    }),
  );
}

/** Ctrl-C while the n-th PUT is under way. */
function killAtPut() {
  let left = Number.POSITIVE_INFINITY;
  let begun: ReturnType<CliNight['begin']> | undefined;
  const fault: FaultHook = ({ method }) => {
    if (method === 'PUT' && (left -= 1) === 0) begun?.stop();
    return undefined;
  };
  return {
    fault,
    arm: (command: ReturnType<CliNight['begin']>, puts: number) => {
      begun = command;
      left = puts;
    },
    done: async () => begun?.done ?? Promise.reject(new Error('nothing was begun')),
  };
}

describe('uninstall', () => {
  test('gives every away pool its base back, leaves what says leave; rounds afterwards change nothing', async () => {
    using night = await asleep();
    const { code, stdout } = await night.run('uninstall', '--yes', '--reason', 'moving on');
    expect(code).toBe(0);
    expect(sizes(night)).toEqual(home);
    expect(stdout).toContain('dev-api/workers  0 → 3');
    expect(stdout).toContain('dev-api/build  left as it is (onRemove: leave)');
    expect(stdout).toContain('4 pools are at their base again');
    expect(night.printed()).not.toContain(night.world.token);
    night.world.forgetRequests();
    await rounds(night, 4);
    night.clock.moveTo(night.clock.now() + 24 * hour);
    await rounds(night, 2);
    expect(sizes(night)).toEqual(home);
    expect(night.world.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test('status and explain say so first, until it is undone', async () => {
    using night = await asleep();
    await night.run('uninstall', '--yes', '--reason', 'moving on');
    const first = async (...argv: string[]) => (await night.run(...argv)).stdout.split('\n')[0];
    const said =
      /^this fleet was uninstalled by ana@desk on Mon 2026-03-02 .* \(moving on\): .*: lamplighter uninstall --undo --config /;
    expect(await first('status')).toMatch(said);
    expect(await first('explain', 'dev-api/workers')).toMatch(said);
    const json = async (...argv: string[]) => JSON.parse((await night.run(...argv, '--json')).stdout) as unknown;
    const uninstalled = { at: expect.stringMatching(/^2026-03-02T/), who: 'ana@desk', reason: 'moving on' };
    expect(await json('status')).toMatchObject({ uninstalled });
    expect(await json('explain', 'dev-api/workers')).toMatchObject([{ uninstalled }]);
    await night.run('uninstall', '--undo');
    expect(await first('status')).not.toContain('uninstalled');
    expect(await json('status')).toMatchObject({ uninstalled: null });
    expect(await json('explain', 'dev-api/workers')).toMatchObject([{ uninstalled: null }]);
  });

  test('a process that goes on running beside it helps, and puts nothing back to sleep', async () => {
    using night = await asleep();
    const running = night.begin('run');
    const { code } = await night.run('uninstall', '--yes');
    expect(code).toBe(0);
    await night.clock.sleep(2 * hour);
    running.stop();
    await running.done;
    expect(sizes(night)).toEqual(home);
  });

  test('killed in the middle, a second run finishes what the first began', async () => {
    const kill = killAtPut();
    using night = await asleep(kill.fault);
    kill.arm(night.begin('uninstall', '--yes'), 2);
    const killed = await kill.done();
    expect(killed.code).toBe(1);
    expect(killed.stdout).toContain('Stopped before all pools were restored. What still runs');
    expect(killed.stdout).not.toContain('within');
    expect(sizes(night)).not.toEqual(home);
    const { code, stdout } = await night.run('uninstall', '--yes');
    expect(code).toBe(0);
    expect(sizes(night)).toEqual(home);
    expect(stdout).toContain('by ana@desk');
  });

  test('Ctrl-C between two rounds ends it at once', async () => {
    using night = await asleep();
    const { sleep } = night.clock;
    let pausedAt: number | undefined;
    const stopInPause: typeof sleep = (ms, signal) => {
      const slept = sleep(ms, signal);
      if (ms === minute && pausedAt === undefined) {
        pausedAt = night.clock.now();
        night.world.forgetRequests();
        begun.stop();
      }
      return slept;
    };
    Object.assign(night.clock, { sleep: stopInPause });
    const begun = night.begin('uninstall', '--yes');
    const { code, stdout } = await begun.done;
    expect([code, stdout]).toEqual([1, expect.stringContaining('Stopped before all pools were restored.')]);
    expect([night.clock.now(), night.world.requests]).toEqual([pausedAt, []]);
  });

  test('a round by another process finishes it too', async () => {
    const kill = killAtPut();
    using night = await asleep(kill.fault);
    kill.arm(night.begin('uninstall', '--yes'), 1);
    await kill.done();
    await rounds(night, 5);
    expect(sizes(night)).toEqual(home);
  });

  test('a dry run, or nobody to ask: nothing is stored, and there are only GETs', async () => {
    using night = await asleep();
    night.world.forgetRequests();
    const { stdout } = await night.run('uninstall', '--dry-run', '--json');
    const away = (JSON.parse(stdout) as { away: { pool: string; base: unknown; leave: boolean }[] }).away;
    expect(away.map(({ pool, base, leave }) => [pool, base, leave])).toEqual([
      ['build', 2, true],
      ['workers', 3, false],
      ['burst', { min: 1, max: 8 }, false],
      ['workers', 4, false],
      ['gpu', { min: 0, max: 4 }, false],
    ]);
    expect(new Set(night.world.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(await night.withStore(readUninstalled)).toBeUndefined();
    const { code, stderr } = await night.run('uninstall');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect(await night.withStore(readUninstalled)).toBeUndefined();
  });

  test('--undo puts the config in force again', async () => {
    using night = await asleep();
    await night.run('uninstall', '--yes');
    expect((await night.run('uninstall', '--undo', '--json')).stdout).toContain('"changed": true');
    expect((await night.run('uninstall', '--undo', '--json')).stdout).toContain('"changed": false');
    await rounds(night, 5);
    expect(sizes(night)).toMatchObject({ 'dev-api/workers': 0, 'dev-batch/workers': 0 });
  });

  test('a paused pool waits for a person, and the command says so and fails', async () => {
    using night = await asleep();
    await night.run('pause', 'ml/gpu', '--for', '12h');
    const { code, stdout } = await night.run('uninstall', '--yes', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      done: false,
      notGivenBack: [
        { cluster: 'ml', pool: 'gpu', base: { min: 0, max: 4 }, reason: expect.stringContaining('paused') },
      ],
    });
    expect(sizes(night)).toEqual({ ...home, 'ml/gpu': '0..0' });
  });

  test('whatever keeps pools away, the end says it, and counts them', async () => {
    using night = await asleep();
    await night.run('pause', 'dev-*/*', '--for', '12h');
    const { stdout } = await night.run('uninstall', '--yes');
    expect(stdout).toContain('1 pool is at its base again\nThe rest must be done by hand.');
    using slow = await asleep();
    expect((await slow.run('uninstall', '--yes', '--wait', '1m')).stdout).toContain(
      'Not all pools were restored within 1m.',
    );
  });

  test('pools that were deleted meanwhile are not waited for', async () => {
    using night = await asleep();
    night.world.removePool('dev-batch/burst');
    night.clock.moveTo(night.clock.now() + hour);
    const { code, stdout } = await night.run('uninstall', '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ done: true, gone: [{ cluster: 'dev-batch', pool: 'burst' }] });
  });

  test('what sleeps although the store has forgotten it is named, for a person to judge', async () => {
    using night = await asleep();
    await rm(join(night.folder, 'lamplighter.db'));
    const { code, stdout } = await night.run('uninstall', '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      givenBack: [],
      belowBase: [{ region: 'r1', cluster: 'ml', pool: 'gpu', seen: { min: 0, max: 0 }, base: { min: 0, max: 4 } }],
    });
  });
});

test('a change that got stuck is still under way', async () => {
  const store = makeMemoryStore({ newId: () => 'v1' });
  const stuck = { from: 3, to: 0, since: 1 } as unknown as PoolMemory['stuck'];
  const memory: PoolMemory = { name: 'workers', autoscale: false, ...(stuck && { stuck }) };
  await store.commit([clusterWrite('r2', 'c', { schema: 1, cluster: 'dev', pools: { p: memory } }, undefined)]);
  expect(await listAway(store, ['r1', 'r2'])).toEqual({ away: [], inFlight: 1 });
});
