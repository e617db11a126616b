import { describe, expect, test } from 'vitest';
import { judged, observeCluster, observePool } from '../../../lib/decide/watching/observe-cluster.ts';
import { isClockWrong, observeRegion, type RegionLooking } from '../../../lib/decide/watching/observe-region.ts';
import type { RegionAnswers, SeenCluster, SeenPool } from '../../../lib/decide/watching/watch-memory.ts';
import type { Answer } from '../../../lib/model/answer.ts';
import type { ObservedCluster, ObservedPool } from '../../../lib/model/cluster.ts';
import {
  aCluster,
  answersOf,
  aPool,
  at,
  minuteMs,
  notFound,
  okAnswer,
  regionWorld,
  start,
  unknownAnswer,
} from './watching-world.ts';

const region = { kind: 'region', region: 'r1' } as const;
const cluster = { kind: 'cluster', region: 'r1', clusterId: 'c1', cluster: 'dev-1' } as const;
const pool = { kind: 'pool', region: 'r1', clusterId: 'c1', cluster: 'dev-1', poolId: 'p1', pool: 'workers' } as const;
const stuckAfterMs = 30 * minuteMs;
const looking = { now: start, stuckAfterMs, zone: 'UTC' };
const dayMs = 24 * 60 * minuteMs;

describe('the words about a pool', () => {
  const errorFix = 'Look at the pool in the console. It is not scaled until it is Running again';
  const stuckFix = 'Look at the pool in the console, or ask the provider: a change usually takes less than 15 min';
  const changing = { as: 'Scaling 3 undefined undefined', since: at(-31) };
  const seen = { id: 'p1', name: 'workers', acceptedAt: at(-1), changing };
  const bounds = { autoscale: true, size: 3, sizeMin: 2, sizeMax: 4 };
  const outside = (patch: object) => ({ kind: 'pool.outside-bounds', patch: { ...bounds, ...patch } }) as const;
  const isOutside = (size: number, sizeMin: number, sizeMax: number) => ({
    severity: 'info',
    text: `Node pool dev-1/workers has ${size} nodes, outside its bounds ${sizeMin} to ${sizeMax}`,
    fix: 'Wait for the autoscaler; if it stays outside its bounds, ask the provider',
    facts: { size, sizeMin, sizeMax },
  });
  type Case = {
    readonly kind: 'pool.error' | 'pool.stuck' | 'pool.unclear' | 'pool.outside-bounds';
    readonly patch: Partial<ObservedPool>;
    readonly seen?: SeenPool;
    readonly isRuled?: boolean;
  };
  test.each<readonly [string, Case, object | 'ok' | 'unsaid']>([
    ['well', { kind: 'pool.error', patch: {} }, 'ok'],
    [
      'in Error without a reason',
      { kind: 'pool.error', patch: { status: 'Error' } },
      {
        severity: 'critical',
        text: 'Node pool dev-1/workers is in Error: the reason is not given',
        fix: errorFix,
        facts: { status: 'Error' },
      },
    ],
    [
      'with one error',
      { kind: 'pool.error', patch: { errors: ['no quota'] } },
      {
        severity: 'critical',
        text: 'Node pool dev-1/workers is Running with errors: no quota',
        fix: errorFix,
        facts: { status: 'Running', errors: 1, error: 'no quota' },
      },
    ],
    [
      'with three',
      { kind: 'pool.error', patch: { status: 'Error', errors: ['no quota', 'b', 'c'] } },
      {
        severity: 'critical',
        text: 'Node pool dev-1/workers is in Error: no quota (and 2 more)',
        fix: errorFix,
        facts: { status: 'Error', errors: 3, error: 'no quota' },
      },
    ],
    ['changing for the first time', { kind: 'pool.stuck', patch: { status: 'Scaling' } }, 'ok'],
    [
      'changing for too long',
      { kind: 'pool.stuck', patch: { status: 'Scaling' }, seen },
      {
        severity: 'warning',
        text: 'Node pool dev-1/workers has been Scaling for more than 30 min',
        fix: stuckFix,
        since: at(-31),
        facts: { status: 'Scaling' },
      },
    ],
    [
      'changing for just not too long',
      {
        kind: 'pool.stuck',
        patch: { status: 'Scaling' },
        seen: { ...seen, changing: { ...changing, since: at(-30) } },
      },
      'ok',
    ],
    [
      'with a name that cannot be read',
      { kind: 'pool.unclear', patch: { unreadable: 'its name is empty', size: undefined } },
      {
        severity: 'warning',
        text: 'Node pool dev-1/workers cannot be read: its name is empty',
        fix: 'Rename it in the console. It is left alone; the other pools are scaled as usual',
      },
    ],
    [
      'with an unknown status',
      { kind: 'pool.unclear', patch: { status: 'Dreaming' } },
      {
        severity: 'warning',
        text: 'Node pool dev-1/workers has an unknown status: "Dreaming"',
        fix: 'It is left alone until it is Running',
      },
    ],
    [
      'without its size',
      { kind: 'pool.unclear', patch: { size: undefined } },
      { severity: 'warning', text: 'Node pool dev-1/workers is Running, but the API does not give its size' },
    ],
    ['without its size under a rule', { kind: 'pool.unclear', patch: { size: undefined }, isRuled: true }, 'ok'],
    [
      'without its size while it changes',
      { kind: 'pool.unclear', patch: { size: undefined, status: 'Scaling' } },
      'ok',
    ],
    [
      'without its size that the autoscaler keeps',
      { kind: 'pool.unclear', patch: { size: undefined, autoscale: true } },
      'ok',
    ],
    ['within its bounds', outside({}), 'ok'],
    ['on its lower bound', outside({ size: 2 }), 'ok'],
    ['on its upper bound', outside({ size: 4 }), 'ok'],
    ['below its bounds', outside({ size: 1 }), isOutside(1, 2, 4)],
    ['above its bounds', outside({ size: 5 }), isOutside(5, 2, 4)],
    ['outside bounds that nobody keeps', outside({ size: 9, autoscale: false }), 'ok'],
    ['without its lower bound', outside({ size: 9, sizeMin: undefined }), 'ok'],
    ['without its upper bound', outside({ size: 1, sizeMax: undefined }), 'ok'],
    ['of no size within bounds', outside({ size: undefined }), 'ok'],
    ['outside while it changes', outside({ size: 9, status: 'Scaling' }), 'unsaid'],
  ])('%s', (_, { kind, patch, seen: before, isRuled = false }, wrong) => {
    const { observations } = observePool(aPool(patch), before, pool, isRuled, looking);
    const said = { kind, subject: pool, at: start };
    const expected = wrong === 'ok' ? { ...said, state: 'ok' } : isBad(said, wrong);
    expect(observations.filter((one) => one.kind === kind)).toEqual(wrong === 'unsaid' ? [] : [expected]);
  });
});

const isBad = <T extends { readonly kind: string; readonly subject: object }>(said: T, wrong: object | string) => ({
  ...said,
  state: 'bad',
  finding: { kind: said.kind, subject: said.subject, ...(wrong as object) },
});

describe('the words about a cluster', () => {
  const look = (patch: Partial<ObservedCluster>, seen?: SeenCluster, byId?: Answer<ObservedCluster>) => {
    const listed = aCluster(patch);
    return observeCluster(listed, byId ?? okAnswer(listed), seen, cluster, { ...looking, upgrades: () => ['1.33.0'] });
  };
  const seen: SeenCluster = { id: 'c1', name: 'dev-1', acceptedAt: at(-1), pools: [] };
  const fix = 'Look at the cluster in the console. Its pools are not scaled down until it is Running again';
  test.each<readonly [string, Partial<ObservedCluster>, string, object]>([
    ['in Error', { status: 'Error' }, 'in Error: the reason is not given', {}],
    ['with errors', { errors: ['a', 'b'] }, 'Running with errors: a (and 1 more)', { errors: 2, error: 'a' }],
  ])('%s', (_, patch, words, facts) => {
    const [error] = look(patch).observations;
    const finding = { severity: 'critical', text: `Cluster dev-1 is ${words}`, fix };
    expect(error).toEqual(
      isBad(
        { kind: 'cluster.error', subject: cluster, at: start },
        {
          ...finding,
          facts: { status: patch.status ?? 'Running', ...facts },
        },
      ),
    );
  });

  test.each([
    [30, 'ok'],
    [30.01, 'bad'],
  ])('changing for %s minutes is %s', (minutes, state) => {
    const since = at(-minutes);
    const before = { ...seen, changing: { as: 'Upgrading', since } };
    const stuck = look({ status: 'Upgrading' }, before).observations.find(({ kind }) => kind === 'cluster.stuck');
    const wrong = {
      severity: 'warning',
      text: 'Cluster dev-1 has been Upgrading for more than 30 min',
      fix: 'Look at the cluster in the console, or ask the provider. Its pools are not scaled meanwhile',
      since,
      facts: { status: 'Upgrading' },
    };
    const said = { kind: 'cluster.stuck', subject: cluster, at: start } as const;
    expect(stuck).toEqual(state === 'ok' ? { ...said, state } : isBad(said, wrong));
  });

  test('is none where every answer lags', () => {
    const before = { ...seen, updatedAt: 2000, missingSince: 5 };
    expect(look({ updatedAt: 1000 }, before)).toEqual({
      observations: [],
      seen: { ...seen, updatedAt: 2000 },
    });
  });

  test('keeps the version that an answer leaves out', () => {
    const version = { id: 'v', version: '1.32.6', eol: undefined };
    expect(look({ version }, { ...seen, version: '1.31.0' }).seen.version).toBe('1.32.6');
    expect(look({ version: undefined }, { ...seen, version: '1.31.0' }).seen.version).toBe('1.31.0');
    expect(look({ version: undefined }, seen).seen).not.toHaveProperty('version');
    expect(look({ version }, seen).observations.map(({ kind }) => kind)).not.toContain('version.eol');
  });

  test('offers what its region offers, where that is known', () => {
    const eol = start + 40 * dayMs;
    const listed = aCluster({ version: { id: 'v', version: '1.32.6', eol } });
    const endsWith = (offers: readonly string[] | undefined) =>
      observeCluster(listed, okAnswer(listed), seen, cluster, {
        ...looking,
        upgrades: () => offers,
      }).observations.flatMap((one) => (one.state === 'ends' ? [one.ends] : []));
    const ends = {
      what: 'support for Kubernetes 1.32.6 of cluster dev-1',
      ifReplaced: 'upgraded to 1.32.6',
      fix: 'Upgrade the cluster',
      facts: { version: '1.32.6' },
      zone: 'UTC',
      isDay: true,
    };
    expect(endsWith(['1.33.0'])).toEqual([expect.objectContaining({ ...ends, offers: ['1.33.0'] })]);
    expect(endsWith(undefined)).toEqual([expect.objectContaining(ends)]);
    expect(endsWith(undefined)[0]).not.toHaveProperty('offers');
  });
});

describe('the words about a region', () => {
  const say = (patch: Partial<RegionAnswers>) =>
    regionWorld()
      .look(start, answersOf(patch, []))
      .observations.filter((one) => one.subject.kind === 'region');
  const unusable = (answer: string, detail: string, facts = {}) => ({
    kind: 'api.unreachable',
    wrong: {
      severity: 'critical',
      text: `The API of region r1 gives no usable answer. Nothing is watched or scaled there: ${detail}`,
      fix: 'Check the address, the network and the status page of the provider',
      facts: { answer, ...facts },
    },
  });
  const refused = (answer: string, fix: string) => ({
    kind: 'api.refused',
    wrong: { severity: 'critical', text: 'The API of region r1 refuses the token: no', fix, facts: { answer } },
  });
  const unknown = { kind: 'unknown', reason: 'timeout', detail: 'late', maybeApplied: false } as const;
  test.each<readonly [string, Partial<RegionAnswers>, { readonly kind: string; readonly wrong: object }]>([
    ['without an answer', { list: unknown }, unusable('timeout', 'late')],
    [
      'with a support id',
      { list: { ...unknown, supportId: 's-1' } },
      unusable('timeout', 'late', { supportId: 's-1' }),
    ],
    ['not found', { list: { kind: 'not-found', detail: 'nothing' } }, unusable('not-found', 'nothing')],
    [
      'without a token',
      { list: { kind: 'not-sent', reason: 'no-token', detail: 'env MKS_TOKEN is not set' } },
      {
        kind: 'api.unreachable',
        wrong: {
          severity: 'critical',
          text: 'The token of region r1 cannot be read. Nothing is watched or scaled there: env MKS_TOKEN is not set',
          fix: 'Put the token where the config says, readable for this process; to try it, run: lamplighter doctor',
          facts: { answer: 'no-token' },
        },
      },
    ],
    [
      'silent after its list',
      { silence: 'no answer in 30 s' },
      {
        kind: 'api.unreachable',
        wrong: {
          severity: 'critical',
          text: 'The API of region r1 lists its clusters and then stops answering. What was not read is neither watched nor scaled: no answer in 30 s',
          fix: 'Look at the status page of the provider, or ask the provider',
          facts: { answer: 'timeout' },
        },
      },
    ],
    [
      'unauthorized',
      { list: { kind: 'unauthorized', detail: 'no' } },
      refused('unauthorized', 'Create a new token in the console of that region, and store it where the config says'),
    ],
    [
      'forbidden',
      { list: { kind: 'forbidden', detail: 'no' } },
      refused('forbidden', 'Create a token that may list clusters and node pools, in the console of that region'),
    ],
  ])('%s', (_, patch, { kind, wrong }) => {
    expect(say(patch).filter(({ state }) => state === 'bad')).toEqual([
      isBad({ kind, subject: region, at: start }, wrong),
    ]);
  });

  test.each([
    [undefined, []],
    [false, ['ok']],
    [true, ['bad']],
  ])('whose secret is the previous one: %s', (isPrevious, expected) => {
    const token = { reference: 'env TOKEN', expires: undefined, ...(isPrevious !== undefined && { isPrevious }) };
    const { observations } = regionWorld().look(start, answersOf({ token }));
    const said = observations.filter(({ kind }) => kind === 'token.previous');
    expect(said.map(({ state }) => state)).toEqual(expected);
    const findings = said.flatMap((one) => (one.state === 'bad' ? [one.finding] : []));
    expect(findings).toEqual(
      isPrevious === true
        ? [
            {
              kind: 'token.previous',
              subject: { kind: 'secret', reference: 'env TOKEN' },
              severity: 'warning',
              text: 'The token of region r1 works only in the previous version of its secret (env TOKEN); the current version is refused',
              fix: 'Store a valid token in the secret, before its next change removes the previous version',
            },
          ]
        : [],
    );
  });
});

describe('a look at a region', () => {
  const listed = aCluster();
  const own = (patch: object) => answersOf({ clusters: [{ ...answersOf().clusters[0]!, ...patch }] });
  test.each<readonly [string, object, readonly string[]]>([
    ['its cluster and pools are read', {}, ['ok']],
    ['its cluster is not', { cluster: notFound }, ['bad']],
    ['its pools are not', { pools: unknownAnswer }, ['bad']],
  ])('says what it sees: %s', (_, patch, expected) => {
    const { observations } = regionWorld().look(start, own(patch));
    expect(observations.filter(({ kind }) => kind === 'cluster.unseen').map(({ state }) => state)).toEqual(expected);
  });

  test('remembers clusters and pools by id', () => {
    const world = regionWorld();
    const pools = ['p2', 'p3', 'p1'].map((id) => aPool({ id, name: id }));
    const clusters = ['c2', 'c3', 'c1'].map((id) => aCluster({ id, name: id }));
    world.look(start, answersOf({}, clusters, pools));
    expect(world.memory.clusters.map(({ id }) => id)).toEqual(['c1', 'c2', 'c3']);
    expect(world.memory.clusters[0]?.pools.map(({ id }) => id)).toEqual(['p1', 'p2', 'p3']);
  });

  test('asks about rules by all names and labels', () => {
    const asked: object[] = [];
    const isRuled: RegionLooking['isRuled'] = (names) => asked.push(names) === 0;
    const pools = [aPool({ labels: { team: 'a' } })];
    observeRegion(
      answersOf({}, [listed], pools),
      { region: 'r1', clusters: [] },
      { ...looking, upgrades: () => [], isRuled },
    );
    expect(asked).toEqual([{ region: 'r1', cluster: 'dev-1', pool: 'workers', labels: { team: 'a' } }]);
  });

  test('finds by its id what a list left out', () => {
    const world = regionWorld();
    world.look(start);
    const missing = [{ clusterId: 'c1', answer: okAnswer(aCluster({ status: 'Error' })) }];
    const sight = world.look(at(5), answersOf({ missing }, []));
    expect(sight.observations).toContainEqual(expect.objectContaining({ kind: 'cluster.error', state: 'bad' }));
    expect([sight.notices, [...sight.gone]]).toEqual([[], []]);
    expect(world.memory.clusters).toMatchObject([{ id: 'c1', pools: [{ id: 'p1' }] }]);
  });

  test('tells when what is gone was first missed', () => {
    const world = regionWorld();
    world.look(start);
    const clusters = [
      { ...answersOf({}, [listed], []).clusters[0]!, missingPools: [{ poolId: 'p1', answer: notFound }] },
    ];
    world.look(at(5), answersOf({ clusters }));
    const sight = world.look(at(10), answersOf({ clusters }));
    const text = 'Node pool dev-1/workers is gone: the API neither lists it nor finds it by its id';
    expect(sight.notices).toEqual([{ kind: 'pool.gone', subject: pool, text, at: at(5) }]);
    expect([...sight.gone]).toEqual([['p1', 'the node pool is gone']]);
    expect(world.memory.clusters[0]?.pools).toEqual([]);
  });

  test('knows of an unknown cluster only its id', () => {
    const world = regionWorld();
    world.look(start, answersOf({ missing: [{ clusterId: 'c9', answer: notFound }] }, []));
    expect(world.memory.clusters).toEqual([
      { id: 'c9', name: 'c9', acceptedAt: start, missingSince: start, pools: [] },
    ]);
  });
});

describe('a clock that is wrong', () => {
  const dated = (minutes: number) => ({ ...okAnswer([]), answeredAt: start, serverDate: at(minutes) });
  const expires = start + 20 * dayMs;
  const endsOf = (patch: Partial<RegionAnswers>) =>
    regionWorld()
      .look(start, answersOf({ token: { reference: 'env TOKEN', expires }, ...patch }))
      .observations.filter(({ state }) => state === 'ends');
  test('says nothing about dates, and all else', () => {
    const list = { ...dated(120), value: [aCluster()] };
    expect(endsOf({})).toMatchObject([
      {
        kind: 'token.expiry',
        subject: { kind: 'secret', reference: 'env TOKEN' },
        at: start,
        ends: { what: 'the token of region r1 (env TOKEN)', ifReplaced: 'replaced', facts: {}, zone: 'UTC' },
      },
    ]);
    expect(endsOf({ list })).toEqual([]);
    const { observations } = regionWorld().look(start, answersOf({ list }));
    expect(observations.map(({ kind }) => kind)).toContain('pool.error');
  });

  test.each<readonly [string, Partial<RegionAnswers>, boolean]>([
    ['none', {}, false],
    ['the list', { list: dated(120) }, true],
    ['a right one', { list: dated(0) }, false],
    ['the pools', { clusters: [{ ...answersOf().clusters[0]!, pools: dated(120) }] }, true],
  ])('is shown by %s', (_, patch, expected) => {
    expect(isClockWrong(answersOf(patch))).toBe(expected);
  });
});

test('what is judged is bad with words, ok without', () => {
  const judge = judged(region, start);
  const said = { kind: 'api.refused', subject: region, at: start } as const;
  expect(judge('api.refused', undefined)).toEqual({ ...said, state: 'ok' });
  expect(judge('api.refused', { severity: 'info', text: 'x' })).toEqual(isBad(said, { severity: 'info', text: 'x' }));
});
