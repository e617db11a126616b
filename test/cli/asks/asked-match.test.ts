import { afterEach, describe, expect, test, vi } from 'vitest';
import { mayBeActedOn, refuseUnseen, seenPools } from '../../../lib/cli/asks/asked-match.ts';
import { asPerson } from '../../../lib/cli/asks/deeds.ts';
import type { CliParts } from '../../../lib/cli/parts.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import { clusterWrite } from '../../../lib/jobs/records/cluster-records.ts';
import { makeMatch, makeRule, regions } from '../../decide/intake/fixtures.ts';
import { startFakeAws } from '../../support/aws/fake-aws.ts';

describe('a rule may act on what is named', () => {
  const rules = [
    makeRule('r2:*/*', { schedule: undefined }),
    makeRule('*/build', { schedule: undefined }),
    makeRule('dev-*/*'),
  ];

  test.each<[string, boolean]>([
    ['dev-1/workers', true],
    ['dev-1/build', false],
    ['dev-1/b*', true],
    ['dev-1', true],
    ['prod/workers', false],
    ['r2:dev-1/workers', false],
    ['r1:dev-1/workers', true],
  ])('%s: %s', (text, isActed) => {
    expect(mayBeActedOn(makeMatch(text), { file: 'lamplighter.yml', rules, regions })).toBe(isActed);
  });
});

describe('what scaling alone has seen', () => {
  async function aStore() {
    let ids = 0;
    const store = makeMemoryStore({ newId: () => `v${(ids += 1)}` });
    const cluster = (...names: readonly string[]) => {
      const pools = Object.fromEntries(names.map((name) => [`id-${name}`, { name, autoscale: false }]));
      return { schema: 1, cluster: 'ml', pools } as const;
    };
    await store.commit([
      clusterWrite('r2', 'c1', cluster('gpu'), undefined),
      clusterWrite('r1', 'c1', cluster('system', 'gpu'), undefined),
    ]);
    return store;
  }

  test('is each pool, in order', async () => {
    expect(await seenPools(await aStore(), ['r1', 'r2'])).toEqual([
      { region: 'r1', cluster: 'ml', pool: 'gpu' },
      { region: 'r1', cluster: 'ml', pool: 'system' },
      { region: 'r2', cluster: 'ml', pool: 'gpu' },
    ]);
  });

  test.each([
    ['ml/gpx', 'ml has no pool "gpx": did you mean "gpu"?'],
    ['mk/gpu', 'No cluster "mk" was seen: did you mean "ml"?'],
  ])('is meant by the slip %s', async (text, why) => {
    await expect(refuseUnseen(await aStore(), { regions }, makeMatch(text))).rejects.toThrow(why);
  });
});

describe('on AWS, a person is', () => {
  afterEach(() => vi.unstubAllEnvs());
  const dynamodb = { store: { kind: 'dynamodb', table: 'lamplighter' } } as const;

  test.each([
    ['whom AWS takes the caller for', {}, dynamodb, 'arn:aws:iam::111122223333:user/ADA'],
    ['who the caller says', { isNamed: true }, dynamodb, 'ada@lab'],
    ['user@host where the store is a file', {}, { store: { kind: 'sqlite', path: 'l.db' } } as const, 'ada@lab'],
  ])('%s', async (_, patch, config, who) => {
    const aws = await startFakeAws('http://127.0.0.1:9');
    const env = { ENDPOINT_URL: aws.endpoint, ACCESS_KEY_ID: 'ADA', SECRET_ACCESS_KEY: 'b', REGION: 'eu-central-1' };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(`AWS_${name}`, value);
    try {
      expect((await asPerson({ who: 'ada@lab', ...patch } as unknown as CliParts, config)).who).toBe(who);
    } finally {
      await aws.close();
    }
  });
});
