import { beforeAll, describe, expect, test } from 'vitest';
import { takeEffect, tellAtOnce } from '../../../lib/cli/asks/take-effect.ts';
import type { CliParts } from '../../../lib/cli/parts.ts';
import { missedRounds } from '../../../lib/cli/status/fleet-status.ts';
import type { Request } from '../../../lib/io/lambda-invoke.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { openStore } from '../../../lib/io/stores/open-store.ts';
import { putAsk } from '../../../lib/jobs/records/ask-records.ts';
import { clusterWrite } from '../../../lib/jobs/records/cluster-records.ts';
import { listRoundFindings, writeRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import { requestWake } from '../../../lib/jobs/records/wake-requests.ts';
import { scalePools } from '../../../lib/jobs/scale/scale-pools.ts';
import { aNight, type Night, whileTimePasses } from '../../support/night-app.ts';
import { aMatch, anOverride, aRule, at, minute } from '../../support/scaling-world.ts';
import { aCliWorld, makeOutput } from '../cli-world.ts';
import { good, loadJobs, pass, start } from '../run/running.ts';

const noon = at('2026-03-02T12:00:00Z');
const rules = [aRule({ match: aMatch('dev-api/workers') })];

beforeAll(() => loadJobs(aNight(noon, {})));

const one = () => {
  return { ...anOverride(1, '2026-03-02T12:02:00Z', '2026-03-02T13:00:00Z'), match: aMatch('dev-api/workers') };
};
const puts = ({ world }: Night) => world.requests.filter(({ method }) => method === 'PUT').length;

describe('what a person asks for takes effect at once', () => {
  test('in the single process, within seconds and not at the next tick', async () => {
    const night = aNight(noon, { rules, everyMs: 15 * minute });
    const run = start(night, () => good(night.config));
    await pass(night, 2 * minute);
    expect(puts(night)).toBe(0);
    await putAsk(night.store, one(), night.config.keepMs);
    await pass(night, 10_000);
    expect(puts(night)).toBe(0);
    await requestWake(night.store, night.clock.now());
    await pass(night, 3_000);
    expect(puts(night)).toBe(1);
    const lists = () => night.world.requests.filter(({ path }) => path === '/api/v1/cluster').length;
    const after = lists();
    await pass(night, minute);
    expect(lists()).toBe(after);
    run.stop();
    await pass(night, 1000);
    await run.running;
  });

  test('is told as the next round’s where no process waits for it', async () => {
    const night = aNight(noon, { rules, everyMs: 15 * minute });
    const told = () => toldBy(night);
    const inSeconds = 'it takes effect within a few seconds';
    const later = 'it takes effect with the next round: no "lamplighter run" is running';
    await whileTimePasses(night, night.app.scale(night.config));
    expect(await told()).toBe(later);
    const [one, other] = [start(night, () => good(night.config)), start(night, () => good(night.config))];
    await pass(night, minute);
    expect(await told()).toBe(inSeconds);
    await stopped(night, one);
    await requestWake(night.store, night.clock.now());
    await pass(night, minute);
    expect(await told()).toBe(inSeconds);
    await stopped(night, other);
    expect(await told()).toBe(later);
    await pass(night, 60 * minute);
    expect(await told()).toMatch(/^it takes effect with the next round, but none has run for a while/u);
  });

  test('on AWS, the function is started, by the name that its rounds leave', async () => {
    const { night, parts, asked } = await onAws(true);
    const config = { ...night.config, store: { kind: 'dynamodb', table: 'lamplighter' } } as const;
    await putAsk(night.store, one(), night.config.keepMs);
    const notes = await takeEffect(parts, config, night.store, ({ pool }) => pool === 'workers');
    expect(notes).toEqual([
      'dev-api/workers: goes from 3 to 1 (override: exactly 1 until 13:00 UTC)',
      'it takes effect at once: lamplighter-prod-scale-pools was started',
    ]);
    expect(await tellAtOnce(parts, config, night.store)).toContain('lamplighter-prod-watch-clusters was started');
    expect(asked).toEqual([{ job: 'scale-pools' }, { job: 'watch-clusters' }]);
  });

  test('on AWS, a config that was not deployed is no news to the functions', async () => {
    const { night, parts } = await onAws(true);
    const store = { kind: 'dynamodb', table: 'lamplighter' } as const;
    const notes = await takeEffect(parts, { ...night.config, store, hash: 'edited' }, night.store, () => false);
    expect(notes).toEqual([
      `lamplighter-prod had another config (${night.config.hash}) in its last round: this one (edited), with its calendars, counts once it is deployed`,
      'it takes effect at once: lamplighter-prod-scale-pools was started',
    ]);
  });

  test('on AWS, missing rounds are those of the functions', async () => {
    const { night } = await onAws(true);
    const rounds = await listRoundFindings(night.store, 'r1');
    const [missed] = missedRounds(rounds, night.config, night.clock.now() + 60 * minute);
    expect(missed?.fix).toBe('do the functions of lamplighter-prod run? See their logs and alarms');
    const ofProcess = rounds.map(({ installation: _installation, ...round }) => round);
    const [other] = missedRounds(ofProcess, night.config, night.clock.now() + 60 * minute);
    expect(other?.fix).toBe('is "lamplighter run" running?');
  });

  test('on AWS, the last round of all regions says what is deployed', async () => {
    const { night, parts } = await onAws(true);
    const store = { kind: 'dynamodb', table: 'lamplighter' } as const;
    const [round] = await listRoundFindings(night.store, 'r1');
    const region = { ...night.config.regions[0]!, name: 'r0' };
    const config = { ...night.config, store, regions: [region, ...night.config.regions] };
    await writeRoundFindings(night.store, { ...round!, region: 'r0', at: round!.at - 1, configHash: 'older' });
    expect(await takeEffect(parts, config, night.store, () => false)).toEqual([
      'it takes effect at once: lamplighter-prod-scale-pools was started',
    ]);
  });

  test('on AWS, rounds of a process beside them have no say', async () => {
    const { night, parts } = await onAws(true);
    const store = { kind: 'dynamodb', table: 'lamplighter' } as const;
    const [round] = await listRoundFindings(night.store, 'r1');
    const { installation: _installation, ...ofProcess } = round!;
    const region = { ...night.config.regions[0]!, name: 'r0' };
    const config = { ...night.config, store, regions: [region, ...night.config.regions] };
    await writeRoundFindings(night.store, { ...ofProcess, region: 'r0', at: round!.at + 1, configHash: 'other' });
    expect(await takeEffect(parts, config, night.store, () => false)).toEqual([
      'it takes effect at once: lamplighter-prod-scale-pools was started',
    ]);
  });

  test('on AWS, where no round has run, nothing is started', async () => {
    const { night, parts, asked } = await onAws(true, false);
    const config = { ...night.config, store: { kind: 'dynamodb', table: 'lamplighter' } } as const;
    expect(await takeEffect(parts, config, night.store, () => false)).toEqual([
      expect.stringMatching(/^it takes effect with the next round, but none has run for a while: /u),
    ]);
    expect(asked).toEqual([]);
  });

  test('on AWS, without the right to start it, it says when', async () => {
    const { night, parts } = await onAws(false);
    const config = { ...night.config, store: { kind: 'dynamodb', table: 'lamplighter' } } as const;
    const notes = await takeEffect(parts, config, night.store, () => false);
    expect(notes).toEqual([
      'it takes effect within 5 min: lamplighter-prod-scale-pools could not be started at once (that needs lambda:InvokeFunction)',
    ]);
  });
});

async function stopped(night: Night, { stop, running }: ReturnType<typeof start>): Promise<void> {
  stop();
  await pass(night, 4000);
  await running;
}

/** What the last line of a command says. */
async function toldBy(night: Night): Promise<string | undefined> {
  const parts = { clock: night.clock, env: {}, zone: 'UTC' } as unknown as CliParts;
  const config = { ...night.config, file: 'lamplighter.yml' };
  const notes = await takeEffect(parts, config, night.store, () => false);
  return notes.at(-1);
}

async function onAws(isStarted: boolean, hasRun = true) {
  const night = aNight(noon, { rules });
  const { app, store, clock, config } = night;
  const scaling = { config, clock, newId: () => `n-${Math.random()}`, store, log: silentLog, mksOf: app.mksOf(config) };
  if (hasRun) await whileTimePasses(night, scalePools({ ...scaling, installation: 'lamplighter-prod' }));
  const asked: Request[] = [];
  const makeInvoke: CliParts['makeInvoke'] = () => async (request) => {
    asked.push(request);
    return isStarted;
  };
  const [stdout, stderr] = [makeOutput().output, makeOutput().output];
  const common = { env: {}, fetch, clock, newId: () => 'x', redactor: makeRedactor(), stdout, stderr, makeInvoke };
  const signal = new AbortController().signal;
  const zone = 'Europe/Berlin';
  const parts: CliParts = {
    ...common,
    signal,
    zone,
    who: 'ada@lab',
    isInteractive: false,
    writeMadeUp: () => {},
    exitWith: () => {},
  };
  return { night, parts, asked };
}

describe('of many pools', () => {
  /** What `scale` says will become of so many pools, each at `size`, without what the rules allow. */
  async function said(count: number, size: number, exactly: number): Promise<readonly string[]> {
    using world = aCliWorld();
    const pools = Object.fromEntries(
      Array.from({ length: count }, (_, n) => {
        const name = `pool-${String(n).padStart(2, '0')}`;
        return [name, { name, autoscale: false, base: size, seen: { size, at: noon } }];
      }),
    );
    const path = `${world.folder}/lamplighter.db`;
    const store = await openStore({ kind: 'sqlite', path }, { clock: world.clock, newId: () => 'own' });
    await store.commit([clusterWrite('r1', 'c-1', { schema: 1, cluster: 'dev-api', pools }, undefined)]);
    await store.close();
    const argv = ['scale', 'dev-api/*', '--exactly', String(exactly), '--for', '2h'];
    const { notes } = (await world.json(...argv)) as { notes: readonly string[] };
    expect(notes.slice(0, count).every((note) => note.endsWith(`: exactly ${exactly}`))).toBe(true);
    expect(notes.at(-1)).toBe(
      `it takes effect with the next round, but none has run for a while: is "lamplighter run --config ${world.config}" running?`,
    );
    return notes.slice(count, -1);
  }

  test.each([
    [3, 3],
    [4, 0],
  ])('of %i that stay as they are, %i are named', async (count, named) => {
    const notes = await said(count, 2, 2);
    expect(notes).toHaveLength(named);
    expect(notes.every((note) => note.includes(': stays at 2 (override: exactly 2 until '))).toBe(true);
  });

  test.each([
    [12, 12, undefined],
    [13, 13, undefined],
    [14, 13, 'and 2 more pools'],
  ])('of %i that change, %i lines tell', async (count, lines, last) => {
    const notes = await said(count, 3, 1);
    expect(notes).toHaveLength(lines);
    expect(notes.at(-1)).toEqual(last ?? expect.stringContaining(`dev-api/pool-${count - 1}: `));
    expect(notes[0]).toMatch(/^dev-api\/pool-00: (goes|stays)/);
  });
});
