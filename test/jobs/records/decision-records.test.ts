import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../lib/decide/scaling/plan.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { decisionWrite, decisionWrites, listDecisions } from '../../../lib/jobs/records/cluster-records.ts';
import { asJson } from '../../../lib/model/json.ts';
import { runs } from '../../support/runs.ts';

const keepMs = 30 * 24 * 60 * 60_000;

describe('decisions of one cluster and round', () => {
  test('are read as they were decided', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(someDecision(), { minLength: 1, maxLength: 120 }), async (decisions) => {
        const store = makeMemoryStore({ newId });
        await store.commit(decisionWrites(decisions, newId, keepMs));
        expect(await listDecisions(store, 'r1')).toEqual(decisions);
      }),
      runs(15),
    );
  });

  test('are one record, and nothing twice in it', () => {
    const decisions = ['a', 'b', 'c'].map((pool) => ({ ...first, pool, poolId: `id-of-${pool}` }));
    const writes = decisionWrites(decisions, newId, keepMs);
    expect(writes).toHaveLength(1);
    expect(JSON.stringify(writes).split(first.clusterId)).toHaveLength(2);
    expect(JSON.stringify(writes).length).toBeLessThan(1000);
  });

  test('show versions from before the first', () => {
    const [write] = decisionWrites([first, { ...first, pool: 'other' }], newId, keepMs);
    expect(write).toMatchObject({ value: first });
    expect(decisionWrites([first], () => 'x', keepMs)).toEqual([decisionWrite(first, '000-x', keepMs)]);
  });

  test('stand beside those of versions from before', async () => {
    const store = makeMemoryStore({ newId });
    const later = { ...first, at: first.at + 1000 };
    await store.commit([decisionWrite(first, '000-a', keepMs), decisionWrite(first, '001-b', keepMs)]);
    await store.commit(decisionWrites([later, { ...later, pool: 'other' }], newId, keepMs));
    const pools = (await listDecisions(store, 'r1')).map(({ at, pool }) => [at, pool]);
    expect(pools).toEqual([
      [first.at, 'workers'],
      [first.at, 'workers'],
      [later.at, 'workers'],
      [later.at, 'other'],
    ]);
  });

  test('that cannot be read are left out', async () => {
    const store = makeMemoryStore({ newId });
    for (const [i, value] of [null, 'nothing', {}, { ...first, at: 'soon' }, first].entries()) {
      const key = { partition: 'decisions/r1', id: `00${i + 1}` };
      await store.commit([{ kind: 'putIfAbsent', key, value: asJson(value as object) }]);
    }
    expect(await listDecisions(store, 'r1')).toEqual([first]);
  });

  test.each([[null], ['nothing'], [{}], [[null, 3, 'x', [], {}, { pool: 5 }]]])(
    'with %j beside it: the first stands',
    async (also) => {
      const store = makeMemoryStore({ newId });
      const key = { partition: 'decisions/r1', id: '001' };
      await store.commit([{ kind: 'putIfAbsent', key, value: asJson({ ...first, also }) }]);
      expect(await listDecisions(store, 'r1')).toEqual([first]);
    },
  );
});

const first: Decision = {
  schema: 1,
  at: Date.UTC(2026, 2, 4, 18),
  region: 'r1',
  clusterId: 'eb3f6b47-7185-4849-b32a-0bf4546f565d',
  cluster: 'dev-1',
  poolId: '787c599f-e70b-4e02-8683-b25fafd06613',
  pool: 'workers',
  kind: 'scale',
  code: 'scale',
  from: 3,
  to: 0,
  reason: 'schedule office: 0',
  who: 'schedule office',
  configHash: 'a1c7f10fc54d146e',
};

let ids = 0;

function newId(): string {
  ids += 1;
  return `id-${ids}`;
}

/** All of one instant and region, as a round makes them; a cluster may have got another name since its change was claimed. */
function someDecision(): fc.Arbitrary<Decision> {
  const size = fc.oneof(fc.nat(9), fc.record({ min: fc.nat(3), max: fc.nat(9) }));
  return fc
    .record(
      {
        cluster: fc.constantFrom('dev-1', 'dev-one'),
        pool: fc.constantFrom('a', 'b', 'c'),
        kind: fc.constantFrom('scale', 'done', 'hold'),
        code: fc.constantFrom('scale', 'done', 'brake'),
        configHash: fc.constantFrom('one', 'two'),
        reason: fc.string(),
        from: size,
        to: size,
        nodes: fc.nat(9),
      },
      { requiredKeys: ['cluster', 'pool', 'kind', 'code', 'configHash', 'reason'] },
    )
    .map(({ from, to, ...some }) => {
      const { from: _from, to: _to, ...names } = first;
      return { ...names, ...some, ...(from !== undefined && { from }), ...(to !== undefined && { to }) } as Decision;
    });
}
