import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import type { Mks } from '../../../lib/io/mks/mks.ts';
import type { Store } from '../../../lib/io/stores/store.ts';
import { listAll } from '../../../lib/jobs/records/change-record.ts';
import { silenceWrite } from '../../../lib/jobs/records/incident-records.ts';
import { watchClusters } from '../../../lib/jobs/watch/watch-clusters.ts';
import type { WatchParts } from '../../../lib/jobs/watch/watch-round.ts';
import type { Answer } from '../../../lib/model/answer.ts';
import type { ObservedCluster } from '../../../lib/model/cluster.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import { aChat, anAnnouncedNight, deliveriesIn, tick } from '../../support/announced-night.ts';
import { aMatch as aPoolMatch, aRule, at, hour } from '../../support/scaling-world.ts';
import { aCluster, aConfig, aMatch, destination, minuteMs, start, type WatchWorld, watchWorld } from './watch-world.ts';

const dayMs = 24 * 60 * minuteMs;
const names = ['r1', 'r2'] as const;

function regionsAt(...given: readonly string[]): CompiledConfig['regions'] {
  return given.map((name) => ({
    name,
    url: `https://${name}.example/api/v1`,
    mksRegion: undefined,
    token: { kind: 'env', name: 'TOKEN' },
  }));
}

/** One cluster in each of two regions, which have its id and its name in common. */
function twoRegions(patch: Partial<ObservedCluster> = {}, config: Partial<CompiledConfig> = {}): WatchWorld {
  const clusters = names.map((region) => aCluster({ region, ...patch }));
  return watchWorld(clusters, aConfig({ regions: regionsAt(...names), destinations: [destination('ops')], ...config }));
}

type Told = {
  readonly facts: {
    readonly kind: string;
    readonly subject: { readonly region?: string };
    readonly facts: { readonly [name: string]: unknown };
  };
};

async function messages(world: WatchWorld) {
  const all = (await Promise.all(world.partitions().map((name) => listAll(world.memory, name)))).flat();
  return all.map(({ value }) => (value as unknown as Told).facts);
}

async function goneIn(world: WatchWorld) {
  const gone = (await messages(world)).filter(({ kind }) => kind === 'cluster.gone');
  return names.filter((name) => gone.some(({ subject }) => subject.region === name));
}

describe('of two regions', () => {
  test('each is asked for the versions that a message offers', async () => {
    const version = { id: 'v1', version: '1.35.1', eol: start + 31 * dayMs };
    const world = twoRegions({ version });
    const offered = { r1: '1.36.0', r2: '1.37.2' };
    const parts: WatchParts = {
      ...world.parts(),
      mksOf: (region) => {
        const id = offered[region as 'r1' | 'r2'];
        const listVersions: Mks['listVersions'] = async () => {
          const value = [{ id, version: id, eol: undefined }];
          return { kind: 'ok', value, answeredAt: world.now, serverDate: undefined };
        };
        return { ...world.parts().mksOf(region), listVersions };
      },
    };
    await watchClusters(parts);
    const offers = (await messages(world)).map(({ subject, facts }) => [subject.region, facts['offers']]);
    expect(Object.fromEntries(offers)).toEqual(offered);
  });

  test('each remembers its own, and tells it once, in the pass in which it is certain', async () => {
    const world = twoRegions();
    await world.passes(1);
    world.clusters = [];
    await world.passes(1);
    expect(await world.pass()).toMatchObject({ problems: [] });
    expect(await goneIn(world)).toEqual(['r1', 'r2']);
    expect(await world.outbox()).toHaveLength(2);
  });

  test('one whose incident could not be stored leaves the other alone', async () => {
    const world = twoRegions({ status: 'Error' });
    await world.passes(2);
    world.clusters = [];
    await world.passes(1);
    const commit: Store['commit'] = (writes) => {
      const isOfR1 = writes.some(
        ({ key, ...write }) => key.partition === 'incidents' && JSON.stringify(write).includes('"r1"'),
      );
      return isOfR1 ? Promise.reject(new StoreError('the store is out of reach')) : world.memory.commit(writes);
    };
    world.store = { ...world.memory, commit };
    await world.pass();
    expect(await goneIn(world)).toEqual(['r2']);
  });

  /** By the answers of the second region, our clock is a year ahead. */
  function aheadOfR2(world: WatchWorld): WatchParts {
    const dated = <T>(answer: Answer<T>): Answer<T> =>
      answer.kind === 'ok' ? { ...answer, serverDate: world.now - 365 * dayMs } : answer;
    const parts = world.parts();
    return {
      ...parts,
      mksOf: (region) => {
        const mks = parts.mksOf(region);
        if (region === 'r1') return mks;
        return {
          ...mks,
          listClusters: async () => dated(await mks.listClusters()),
          getCluster: async (id) => dated(await mks.getCluster(id)),
          listNodePools: async (id) => dated(await mks.listNodePools(id)),
        };
      },
    };
  }

  test('one that contradicts our clock keeps silences that seem to be over', async () => {
    const world = twoRegions();
    const scope = { kind: 'match', match: aMatch('dev-*') } as const;
    const silence = { schema: 1, id: 's1', scope, until: start - minuteMs, who: 'ada', reason: undefined } as const;
    await world.memory.commit([silenceWrite({ ...silence, askedAt: start - dayMs })]);
    await watchClusters(aheadOfR2(world));
    expect(await listAll(world.memory, 'silences')).toHaveLength(1);
    await world.pass();
    expect(await listAll(world.memory, 'silences')).toEqual([]);
  });

  test('one that contradicts our clock keeps a digest back', async () => {
    const world = twoRegions({}, { digest: { to: ['ops'], weekday: 1, seconds: 8 * 3600 } });
    await world.pass();
    world.now += 7 * dayMs;
    expect((await watchClusters(aheadOfR2(world))).notices).toBe(0);
    expect((await world.pass()).notices).toBe(1);
  });
});

describe('a digest of two regions', () => {
  const monday = '2026-03-02T06:00:00Z';
  const config = {
    rules: [aRule({ match: aPoolMatch('dev-api/*'), base: 'remembered' as const })],
    destinations: [aChat('ops')],
    digest: { to: ['ops'], weekday: 1, seconds: 8 * 3600 } as const,
    everyMs: 15 * 60_000,
  };

  test('counts what was set by hand in each, and what ends in each', async () => {
    const regions = regionsAt(...names).map((region, index) => {
      return { ...region, token: { ...region.token, expires: at(`2026-04-${10 + index}T00:00:00Z`) } };
    });
    const night = anAnnouncedNight(monday, { ...config, regions });
    const hours = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        await tick(night);
        await night.clock.advance(hour);
      }
    };
    await hours(4);
    night.world.personResizes('dev-api/workers', { size: 4 });
    await hours(3);
    await night.clock.advance(at('2026-03-09T08:00:00Z') - night.clock.now());
    await tick(night);
    const [digest] = (await deliveriesIn(night.store, 'digest')).slice(-1);
    expect(digest?.facts.text).toContain('2 changes by hand');
    const ends = 'the token of r1 on 2026-04-10, the token of r2 on 2026-04-11';
    expect(digest?.facts.facts['ends within 60 days']).toBe(ends);
  });

  test('begins with the one that was added last', async () => {
    const night = anAnnouncedNight(monday, { ...config, regions: regionsAt('r1') });
    await tick(night);
    await night.clock.advance(30 * hour);
    night.config = { ...night.config, regions: regionsAt(...names) };
    await tick(night);
    await night.clock.advance(at('2026-03-09T08:00:00Z') - night.clock.now());
    await tick(night);
    const [digest] = (await deliveriesIn(night.store, 'digest')).slice(-1);
    expect(digest?.facts.facts['not known']).toContain('the time before Tue 3 Mar 2026, 12:00 UTC');
  });
});
