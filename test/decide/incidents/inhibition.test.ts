import { describe, expect, test } from 'vitest';
import type { FindingKind, Subject } from '../../../lib/model/finding.ts';
import {
  bad,
  cluster,
  hourMs,
  incidentWorld,
  minuteMs,
  ok,
  pool,
  region,
  start,
  told,
  unknown,
} from './incident-world.ts';

const at = (minutes: number) => start + minutes * minuteMs;
const otherPool = { ...pool, clusterId: 'c2', cluster: 'dev-2', poolId: 'p2' } as Subject;

describe('api over cluster over pool', () => {
  const pairs: readonly {
    parent: FindingKind;
    above: Subject;
    child: FindingKind;
    below: Subject;
    inhibits: boolean;
  }[] = [
    { parent: 'api.unreachable', above: region, child: 'pool.error', below: pool, inhibits: true },
    { parent: 'api.refused', above: region, child: 'cluster.error', below: cluster, inhibits: true },
    { parent: 'cluster.error', above: cluster, child: 'pool.error', below: pool, inhibits: true },
    { parent: 'cluster.unseen', above: cluster, child: 'pool.stuck', below: pool, inhibits: true },
    { parent: 'cluster.stuck', above: cluster, child: 'base.unknown', below: pool, inhibits: true },
    { parent: 'cluster.error', above: cluster, child: 'pool.late', below: pool, inhibits: false },
    { parent: 'cluster.error', above: cluster, child: 'pool.error', below: otherPool, inhibits: false },
    { parent: 'cluster.error', above: cluster, child: 'cluster.stuck', below: cluster, inhibits: false },
    { parent: 'pool.error', above: pool, child: 'cluster.error', below: cluster, inhibits: false },
    { parent: 'cluster.error', above: cluster, child: 'api.refused', below: region, inhibits: false },
  ];
  test.each(pairs)('$parent and $child: $inhibits', ({ parent, above, child, below, inhibits }) => {
    const world = incidentWorld();
    for (const now of [at(0), at(5)]) world.pass(now, bad(parent, above, now), bad(child, below, now));
    const kinds = world.sent.map(({ facts }) => facts.kind);
    expect(kinds.includes(child)).toBe(!inhibits);
    if (inhibits) expect(world.record(child, below)?.why.at(-1)?.reason).toContain(`inhibited by ${parent}`);
  });
});

test('in the same pass, before the parent itself opens', () => {
  const world = incidentWorld();
  world.pass(at(0), bad('pool.error', pool, at(0)));
  world.pass(at(5), bad('pool.error', pool, at(5)), bad('cluster.error', cluster, at(5)));
  expect(told(world.sent)).toEqual([]);
});

test('ends ten minutes after the parent’s last bad look, not with its incident', () => {
  const world = incidentWorld();
  const both = (now: number) => [bad('pool.error', pool, now), bad('cluster.error', cluster, now)];
  for (const minutes of [0, 5, 10]) world.pass(at(minutes), ...both(at(minutes)));
  const after = (now: number) => [bad('pool.error', pool, now), ok('cluster.error', cluster, now)];
  expect(world.pass(at(15), ...after(at(15)))).toEqual([]);
  expect(world.record('cluster.error', cluster)?.phase).toBe('open');
  const said = world.pass(at(20), ...after(at(20))).map(({ facts }) => `${facts.what} ${facts.kind}`);
  expect(said).toContain('open pool.error');
});

test('a flapping cluster does not hide a dead pool for long', () => {
  const world = incidentWorld();
  for (let minutes = 0; minutes < 240; minutes += 5) {
    const now = at(minutes);
    const isBad = minutes % 60 < 15;
    world.pass(
      now,
      bad('pool.error', pool, now),
      isBad ? bad('cluster.error', cluster, now) : ok('cluster.error', cluster, now),
    );
  }
  const open = world.sent.find(({ facts }) => facts.kind === 'pool.error' && facts.what === 'open');
  expect((open?.queuedAt ?? Number.POSITIVE_INFINITY) - start).toBeLessThanOrEqual(30 * minuteMs);
});

test('while an open parent is unknown it inhibits', () => {
  const world = incidentWorld();
  for (const now of [at(0), at(5)]) world.pass(now, bad('cluster.error', cluster, now));
  for (let minutes = 10; minutes <= 60; minutes += 5) {
    world.pass(at(minutes), unknown('cluster.error', cluster), bad('pool.error', pool, at(minutes)));
  }
  expect(world.sent.filter(({ facts }) => facts.kind === 'pool.error')).toEqual([]);
});

test('a parent that never opened inhibits only while it is bad', () => {
  const world = incidentWorld();
  world.pass(at(0), bad('cluster.error', cluster, at(0)), bad('pool.error', pool, at(0)));
  world.pass(at(5), unknown('cluster.error', cluster), bad('pool.error', pool, at(5)));
  expect(told(world.sent)).toEqual(['ops open']);
});

test('suppresses reminders, never a resolve', () => {
  const world = incidentWorld();
  for (const now of [at(0), at(5)]) world.pass(now, bad('pool.error', pool, now));
  const late = start + 2 * hourMs;
  world.pass(late, bad('pool.error', pool, late), bad('cluster.error', cluster, late));
  expect(told(world.sent)).toEqual(['ops open']);
  for (const minutes of [125, 130, 135])
    world.pass(at(minutes), ok('pool.error', pool, at(minutes)), bad('cluster.error', cluster, at(minutes)));
  const said = world.sent.filter(({ facts }) => facts.kind === 'pool.error').map(({ facts }) => facts.what);
  expect(said).toEqual(['open', 'resolve']);
});
