import { describe, expect, test } from 'vitest';
import { listRoles } from '../../../lib/simulator/access.ts';
import { aPatient, examined, found } from './patient.ts';

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
});
