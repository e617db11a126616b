import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Fault, RequestInfo } from '../../../lib/simulator/faults.ts';
import { listRoles } from '../../../lib/simulator/reply.ts';
import type { CliNight } from '../../support/cli-night.ts';
import { aPatient, examined, found } from './patient.ts';

const forbidden: Fault = { kind: 'status', status: 403, body: 'grpc', code: 7 };

afterEach(() => vi.unstubAllEnvs());

async function spoilStore({ folder }: CliNight): Promise<void> {
  await writeFile(join(folder, 'lamplighter.db'), 'no database'.repeat(1000));
}

async function storeInDynamo({ configFile }: CliNight): Promise<void> {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/dev/null');
  const config = await readFile(configFile, 'utf8');
  await writeFile(configFile, config.replace(/^store: .*$/m, 'store: { kind: dynamodb, table: lamplighter }'));
}

describe('--prove-write', () => {
  test('one PUT of the pool as it is, and says so', async () => {
    using night = await aPatient();
    const before = night.world.pool('dev-api/workers');
    const { code, checks } = await examined(night, '--prove-write', 'dev-api/workers');
    expect([code, found(checks, 'roles.write')]).toEqual([
      0,
      [
        'ok: the token may change node pools: one PUT of dev-api/workers exactly as it was read was accepted, nothing of it was changed',
      ],
    ]);
    const puts = night.world.requests.filter(({ method }) => method === 'PUT');
    expect(puts).toHaveLength(1);
    expect(JSON.parse(puts[0]?.body ?? '')).toMatchObject({ id: before.id, name: 'workers', size: before.size });
    expect(night.world.pool('dev-api/workers').size).toBe(before.size);
  });

  test('a role that is missing is a failure', async () => {
    using night = await aPatient({
      roles: listRoles,
    });
    const { code, checks } = await examined(night, '--prove-write', 'dev-api/workers');
    expect([code, found(checks, 'roles.write')]).toEqual([
      1,
      [expect.stringContaining('failed: the token may not change node pools')],
    ]);
  });

  test('a pool that is not Running is left alone', async () => {
    using night = await aPatient();
    night.world.personResizes('dev-api/workers', { size: 5 });
    night.world.forgetRequests();
    const { checks } = await examined(night, '--prove-write', 'dev-api/workers');
    expect(found(checks, 'roles.write', 'pool dev-api/workers')).toEqual([
      expect.stringMatching(/^unknown: nothing was sent: the (pool|cluster) is /),
    ]);
    expect(night.world.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test.each([
    ['a file that is no database', spoilStore, /lamplighter\.db: .* not a SQLite database/],
    ['DynamoDB without a region', storeInDynamo, /set AWS_REGION/],
  ])('%s: the whole report, and nothing sent', async (_name, spoil, why) => {
    using night = await aPatient();
    await spoil(night);
    const { code, checks } = await examined(night, '--prove-write', 'dev-api/workers');
    expect([code, found(checks, 'store')]).toEqual([1, [expect.stringMatching(why)]]);
    expect(found(checks, 'roles.read')).toEqual([expect.stringMatching(/^ok/)]);
    const [proof] = found(checks, 'roles.write', 'pool dev-api/workers');
    expect(proof).toMatch(/^unknown: nothing was sent: the store cannot tell whether a change .* is under way: /);
    expect(proof).toMatch(why);
    expect(night.world.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test.each([
    ['no token', { env: { TOKEN: '' } }, /^unknown: nothing was sent: the clusters of region r1 could not be read/],
    [
      'no role to read pools',
      { fault: ({ path }: RequestInfo) => (path.endsWith('/node-pool') ? forbidden : undefined) },
      /^unknown: nothing was sent: the node pools of dev-api could not be read/,
    ],
    [
      'a pool that is not answered',
      { fault: ({ poolId }: RequestInfo) => (poolId === undefined ? undefined : forbidden) },
      /^unknown: nothing was sent: the pool could not be read: .*403/,
    ],
  ])('%s: nobody says that there is no such pool', async (_name, options, text) => {
    using night = await aPatient(options);
    const { checks } = await examined(night, '--prove-write', 'dev-api/workers');
    expect(found(checks, 'roles.write', 'pool dev-api/workers')).toEqual([expect.stringMatching(text)]);
    expect(night.world.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test('a pool that is not there', async () => {
    using night = await aPatient();
    const { code, checks } = await examined(night, '--prove-write', 'dev-api/wrokers');
    expect([code, found(checks, 'roles.write', 'pool dev-api/wrokers')]).toEqual([
      1,
      ['failed: nothing was sent: there is no such pool > name one that is there'],
    ]);
  });

  test.each<readonly [string, Fault, RegExp]>([
    ['an answer that breaks off', { kind: 'reset', applied: true }, /cut-off/],
    ['half an answer', { kind: 'cut-off', end: 'reset' }, /cut-off/],
    ['no answer in time', { kind: 'hang', applied: true }, /timeout/],
    ['a gateway’s error', { kind: 'status', status: 504, applied: true, body: 'html' }, /answered 504/],
    ['a failing service', { kind: 'status', status: 500, body: 'grpc' }, /server-error/],
    ['an answer that cannot be read', { kind: 'wrong-shape' }, /wrong-shape/],
  ])('%s: the outcome is unknown, and harmless', async (_name, fault, why) => {
    using night = await aPatient({ fault: ({ method }) => (method === 'PUT' ? fault : undefined) });
    const { code, checks } = await examined(night, '--prove-write', 'dev-api/workers');
    const [proof] = found(checks, 'roles.write', 'pool dev-api/workers');
    expect([code, proof]).toEqual([
      0,
      expect.stringMatching(/^unknown: whether .* was accepted is not known.*: no usable/),
    ]);
    expect(proof).toMatch(/it changes nothing if it was/);
    expect(proof).toMatch(why);
    expect(night.world.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  test('a request that certainly did not arrive proves nothing either', async () => {
    using night = await aPatient({
      fault: ({ method }) => (method === 'PUT' ? { kind: 'no-connection' } : undefined),
    });
    const { code, checks } = await examined(night, '--prove-write', 'dev-api/workers');
    expect([code, found(checks, 'roles.write', 'pool dev-api/workers')]).toEqual([
      0,
      [expect.stringMatching(/^unknown: .* did not get through: .*no-connection.* > try again later/)],
    ]);
  });

  test('a service that says no is a failure', async () => {
    using night = await aPatient({
      fault: ({ method }) => (method === 'PUT' ? { kind: 'status', status: 400, body: 'grpc', code: 3 } : undefined),
    });
    const { code, checks } = await examined(night, '--prove-write', 'dev-api/workers');
    expect([code, found(checks, 'roles.write', 'pool dev-api/workers')]).toEqual([
      1,
      [expect.stringMatching(/^failed: .* was not accepted: .* > ask the provider/)],
    ]);
  });
});
