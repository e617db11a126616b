import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../lib/decide/incidents/observation.ts';
import type { SilenceRecord } from '../../../lib/decide/incidents/silence.ts';
import type { Severity } from '../../../lib/model/finding.ts';
import {
  bad,
  cluster,
  dayMs,
  destination,
  hourMs,
  incidentWorld,
  match,
  minuteMs,
  noSilence,
  ok,
  only,
  pool,
  region,
  start,
  told,
  unknown,
} from './incident-world.ts';

const at = (minutes: number) => start + minutes * minuteMs;

type World = ReturnType<typeof incidentWorld>;

/** Two bad looks at a pool: with this the incident is open. */
function open(world: World, severity: Severity = 'critical') {
  world.pass(at(0), bad('pool.error', pool, at(0), severity));
  return world.pass(at(5), bad('pool.error', pool, at(5), severity));
}

function recover(world: World, from: number) {
  return [0, 5, 10].flatMap((minutes) => world.pass(at(from + minutes), ok('pool.error', pool, at(from + minutes))));
}

function stillBad(world: World, minutes: number, severity: Severity = 'critical') {
  return world.pass(at(minutes), bad('pool.error', pool, at(minutes), severity));
}

describe('who is told', () => {
  const rows = [
    { title: 'no filter', patch: {}, wants: true },
    { title: 'a severity that it reaches', patch: { only: only('warning') }, wants: true },
    { title: 'a kind by name', patch: { only: { ...only('info'), kinds: ['pool.error'] } }, wants: true },
    { title: 'a family of kinds', patch: { only: { ...only('info'), kinds: ['pool.*'] } }, wants: true },
    { title: 'another kind', patch: { only: { ...only('info'), kinds: ['pool.late'] } }, wants: false },
    { title: 'its cluster', patch: { only: { ...only('info'), clusters: [match('dev-*')] } }, wants: true },
    { title: 'another cluster', patch: { only: { ...only('info'), clusters: [match('prod-*')] } }, wants: false },
    { title: 'a retired destination', patch: { retired: true }, wants: false },
    { title: 'Alertmanager, which is sent what is open', patch: { kind: 'alertmanager' }, wants: false },
  ] as const;
  test.each(rows)('$title: $wants', ({ patch, wants }) => {
    const world = incidentWorld([destination('it', patch)]);
    expect(told(open(world))).toEqual(wants ? ['it open'] : []);
    if (!wants) expect(world.record('pool.error', pool)?.why.at(-1)).toMatchObject({ what: 'open', destination: 'it' });
  });

  test('a severity below the filter is not told', () => {
    const world = incidentWorld([destination('pager', { only: only('critical') })]);
    expect(open(world, 'warning')).toEqual([]);
    expect(world.record('pool.error', pool)?.why.at(-1)?.reason).toBe('only critical or worse');
  });

  test('a filter on clusters takes what concerns everybody', () => {
    const world = incidentWorld([destination('it', { only: { ...only('info'), clusters: [match('prod-*')] } })]);
    for (const minutes of [0, 5, 10]) world.pass(at(minutes), bad('api.unreachable', region, at(minutes)));
    expect(told(world.sent)).toEqual(['it open']);
  });
});

describe('of two observations of one thing in one pass', () => {
  const sick = (now: number) => bad('pool.error', pool, now);
  const well = (now: number) => ok('pool.error', pool, now);
  const none = () => unknown('pool.error', pool);
  const rows: ReadonlyArray<readonly [string, readonly ((now: number) => Observation)[]]> = [
    ['bad beats ok', [sick, well]],
    ['what is known beats what is not', [sick, none]],
    ['two that are bad are one', [sick, sick]],
  ];
  test.each(rows)('%s, whichever comes first', (_, pair) => {
    for (const both of [pair, pair.toReversed()]) {
      const world = incidentWorld();
      for (const minutes of [0, 5, 10]) world.pass(at(minutes), ...both.map((see) => see(at(minutes))));
      expect(told(world.sent)).toEqual(['ops open']);
    }
  });

  test('the newer one of its kind counts', () => {
    const world = incidentWorld();
    const words = (text: string, minutes: number) => {
      const seen = bad('pool.error', pool, at(minutes));
      return seen.state === 'bad' ? { ...seen, finding: { ...seen.finding, text } } : seen;
    };
    for (const [older, newer] of [
      [0, 1],
      [5, 6],
    ] as const) {
      const both = [words('before', older), words('now', newer)];
      world.pass(at(newer), ...(older === 0 ? both : both.toReversed()));
    }
    expect(world.sent.map(({ facts }) => facts.text)).toEqual(['now']);
  });
});

describe('a level, not an edge', () => {
  test('a new destination is told what is open', () => {
    const world = incidentWorld();
    open(world);
    world.destinations = [destination('ops'), destination('new')];
    expect(told(stillBad(world, 10))).toEqual(['new open']);
    expect(told(stillBad(world, 15))).toEqual([]);
  });

  test('a severity that rises opens where it is wanted now, and updates where it was told', () => {
    const world = incidentWorld([destination('ops'), destination('pager', { only: only('critical') })]);
    open(world, 'warning');
    expect(told(stillBad(world, 10, 'critical'))).toEqual(['ops update', 'pager open']);
  });

  test('a severity that falls is not told, and the end names the worst', () => {
    const world = incidentWorld();
    open(world, 'critical');
    expect(stillBad(world, 10, 'warning')).toEqual([]);
    recover(world, 15);
    expect(world.sent.at(-1)?.facts).toMatchObject({ what: 'resolve', worst: 'critical' });
  });

  test('a destination that is taken back from retirement is told', () => {
    const world = incidentWorld([destination('ops', { retired: true })]);
    expect(open(world)).toEqual([]);
    world.destinations = [destination('ops')];
    expect(told(stillBad(world, 10))).toEqual(['ops open']);
  });

  test('at most 40 destinations are told of one incident', () => {
    const many = Array.from({ length: 45 }, (_, index) => destination(`d${index}`));
    const world = incidentWorld(many);
    expect(open(world)).toHaveLength(40);
    expect(stillBad(world, 10)).toEqual([]);
    expect(recover(world, 15)).toHaveLength(40);
  });
});

describe('what was told is owed its end', () => {
  const rows = [
    { title: 'retired', after: [destination('ops', { retired: true })], ends: true },
    {
      title: 'de-routed',
      after: [destination('ops', { only: { ...only('info'), kinds: ['pool.late'] } })],
      ends: true,
    },
    { title: 'broken', after: [destination('ops', { brokenSince: start })], ends: true },
    {
      title: 'removed outright',
      after: [destination('other', { only: only('info', { kinds: ['none'] }) })],
      ends: false,
    },
  ];
  test.each(rows)('$title: $ends', ({ after, ends }) => {
    const world = incidentWorld();
    open(world);
    world.destinations = after;
    expect(told(recover(world, 10))).toEqual(ends ? ['ops resolve'] : []);
    expect(world.record('pool.error', pool)?.told).toEqual({});
    if (!ends) {
      const reasons = world.record('pool.error', pool)?.why.map(({ reason }) => reason);
      expect(reasons).toContain('the destination was removed from the config');
    }
  });

  test('what was never told has no end either', () => {
    const world = incidentWorld([destination('pager', { only: only('critical') })]);
    open(world, 'warning');
    expect(recover(world, 10)).toEqual([]);
  });
});

describe('a broken destination', () => {
  const pager = destination('pager', { only: only('critical'), fallback: 'ops', brokenSince: start });
  const ops = destination('ops', { only: only('info', { kinds: ['config.*'] }), fallback: 'third' });
  const third = destination('third', { only: only('info', { kinds: ['config.*'] }) });

  test('has its criticals told to its fallback too, and no further', () => {
    const world = incidentWorld([pager, { ...ops, brokenSince: start }, third]);
    expect(told(open(world))).toEqual(['pager open', 'ops open']);
    expect(told(recover(world, 10))).toEqual(['pager resolve', 'ops resolve']);
  });

  test('that breaks later has what is open told to its fallback then, once', () => {
    const world = incidentWorld([{ ...pager, brokenSince: undefined }, ops]);
    open(world);
    world.destinations = [pager, ops];
    expect(told(stillBad(world, 10))).toEqual(['ops open']);
    expect(stillBad(world, 15)).toEqual([]);
  });

  test('has no stand-in in a retired fallback', () => {
    const world = incidentWorld([pager, { ...ops, retired: true }]);
    expect(told(open(world))).toEqual(['pager open']);
  });

  test('does not burden its fallback with warnings', () => {
    const world = incidentWorld([{ ...pager, only: only('warning') }, ops]);
    expect(told(open(world, 'warning'))).toEqual(['pager open']);
  });

  test('is never told about itself', () => {
    const world = incidentWorld([destination('pager', { brokenSince: start }), destination('ops')]);
    const broken = { kind: 'destination', destination: 'pager' } as const;
    world.pass(at(0), bad('destination.broken', broken, at(0)));
    expect(told(world.sent)).toEqual(['ops open']);
  });
});

describe('silences', () => {
  const silence = (patch: Partial<SilenceRecord>): SilenceRecord => ({
    schema: 1,
    id: 's1',
    scope: { kind: 'match', match: match('dev-*') },
    until: at(60),
    who: 'ada@desk',
    reason: 'moving',
    askedAt: start,
    ...patch,
  });

  test('what opens and ends in silence is never told', () => {
    const world = incidentWorld();
    world.silences = { ...noSilence, asked: [silence({})] };
    open(world);
    expect(world.record('pool.error', pool)).toMatchObject({
      phase: 'open',
      silenced: 'silenced by ada@desk (moving)',
    });
    recover(world, 10);
    expect(world.sent).toEqual([]);
  });

  test('what is still wrong at its end is told then', () => {
    const world = incidentWorld();
    world.silences = { ...noSilence, asked: [silence({})] };
    open(world);
    expect(stillBad(world, 55)).toEqual([]);
    expect(told(stillBad(world, 60))).toEqual(['ops open']);
    expect(world.record('pool.error', pool)?.silenced).toBeUndefined();
  });

  test('what was told before is not told again at its end', () => {
    const world = incidentWorld();
    open(world);
    world.silences = { ...noSilence, asked: [silence({ until: at(120) })] };
    for (const minutes of [30, 66, 100]) expect(stillBad(world, minutes)).toEqual([]);
    expect(stillBad(world, 121)).toEqual([]);
  });

  test('the end of what was told passes', () => {
    const world = incidentWorld();
    open(world);
    world.silences = { ...noSilence, asked: [silence({})] };
    expect(told(recover(world, 10))).toEqual(['ops resolve']);
  });

  test('a silenced incident is quiet until it resolves; the next episode is told', () => {
    const world = incidentWorld();
    open(world);
    const { key, episode } = world.record('pool.error', pool)!;
    world.silences = {
      ...noSilence,
      asked: [silence({ scope: { kind: 'incident', key, episode }, until: undefined })],
    };
    expect(stillBad(world, 90)).toEqual([]);
    recover(world, 95);
    stillBad(world, 120);
    expect(told(stillBad(world, 125))).toEqual(['ops open']);
  });

  const configured = {
    match: match('dev-*'),
    kinds: undefined,
    zone: 'UTC',
    window: undefined,
    until: undefined,
    reason: undefined,
  };
  const window = { text: 'sat-sun', size: 'idle', pieces: [] } as const;
  const rows = [
    { title: 'by the config, always', silence: configured, quiet: true },
    { title: 'by the config, for other clusters', silence: { ...configured, match: match('prod-*') }, quiet: false },
    { title: 'by the config, for other kinds', silence: { ...configured, kinds: ['pool.late'] }, quiet: false },
    { title: 'by the config, until before', silence: { ...configured, until: at(5) }, quiet: false },
    { title: 'by the config, in a window that is closed', silence: { ...configured, window }, quiet: false },
  ];
  test.each(rows)('$title: $quiet', ({ silence, quiet }) => {
    const world = incidentWorld();
    world.silences = { ...noSilence, configured: [silence] };
    expect(open(world).length).toBe(quiet ? 0 : 1);
  });

  test('by the config, in a window that is open', () => {
    const world = incidentWorld();
    world.silences = { configured: [{ ...configured, window }], asked: [], isWindowOpen: () => true };
    expect(open(world)).toEqual([]);
  });

  test('of clusters does not silence their region', () => {
    const world = incidentWorld();
    world.silences = { ...noSilence, asked: [silence({})] };
    for (const minutes of [0, 5, 10]) world.pass(at(minutes), bad('api.unreachable', region, at(minutes)));
    expect(told(world.sent)).toEqual(['ops open']);
  });
});

describe('reminders', () => {
  test('1 h, 4 h, 24 h and then daily after opening', () => {
    const world = incidentWorld();
    open(world);
    for (let minutes = 10; minutes <= 5 + 3 * 24 * 60; minutes += 5) stillBad(world, minutes);
    const hours = world.sent
      .filter(({ facts }) => facts.what === 'reminder')
      .map(({ queuedAt }) => (queuedAt - at(5)) / hourMs);
    expect(hours).toEqual([1, 4, 24, 48, 72]);
  });

  test('those missed are made up for by one', () => {
    const world = incidentWorld();
    open(world);
    expect(told(stillBad(world, 3 * 24 * 60))).toEqual(['ops reminder']);
    expect(stillBad(world, 3 * 24 * 60 + 1)).toEqual([]);
  });

  test('a daily one takes along what is due within six hours', () => {
    const world = incidentWorld();
    const hour = (hours: number) => start + hours * hourMs;
    const both = (now: number) => [
      bad('pool.error', pool, now),
      ...(now < hour(5) ? [] : [bad('pool.stuck', pool, now, 'warning')]),
    ];
    const kinds: string[] = [];
    for (let now = start; now <= hour(31); now += 10 * minuteMs) {
      const deliveries = world.pass(now, ...both(now));
      const daily = deliveries.filter(({ facts }) => facts.what === 'reminder' && now >= hour(24));
      kinds.push(...daily.map(({ facts }) => `${facts.kind} ${Math.floor((now - start) / hourMs)}`));
    }
    // The second one's own day ends at 29 h; the first one's takes it along.
    expect(kinds.sort()).toEqual(['pool.error 24', 'pool.stuck 24']);
  });

  test('none while it is clearing', () => {
    const world = incidentWorld();
    open(world);
    stillBad(world, 60);
    expect(told(recover(world, 66))).toEqual(['ops resolve']);
  });

  test('none to a destination that does not want it any more', () => {
    const world = incidentWorld();
    open(world);
    world.destinations = [destination('ops', { retired: true })];
    expect(stillBad(world, 66)).toEqual([]);
  });
});

describe('Alertmanager’s decision table', () => {
  const { alertmanager_semantics: vectors } = JSON.parse(
    readFileSync(new URL('../../vectors/alerts.json', import.meta.url), 'utf8'),
  ) as {
    alertmanager_semantics: {
      dedup: readonly { notify: boolean; reason: string }[];
      defaults: { repeat_interval_s: number };
    };
  };
  const rowOf = (reason: string) => vectors.dedup.find((row) => row.reason === reason)?.notify;

  test('never told and bad: told', () => {
    expect(open(incidentWorld()).length > 0).toBe(rowOf('first notification'));
  });

  test('unchanged and no reminder due: nothing', () => {
    const world = incidentWorld();
    open(world);
    expect(stillBad(world, 14).length > 0).toBe(rowOf('unchanged, repeat not due'));
  });

  test('bad and over before anybody was told: nothing', () => {
    const world = incidentWorld();
    stillBad(world, 0);
    expect(recover(world, 2).length > 0).toBe(rowOf('fired+resolved unseen'));
  });

  test('over after it was told: told', () => {
    const world = incidentWorld();
    open(world);
    expect(recover(world, 10).length > 0).toBe(rowOf('all resolved'));
  });

  test('another thing goes bad: told, as an incident of its own, since nothing is grouped before the outbox', () => {
    const world = incidentWorld();
    open(world);
    const next = [10, 15].flatMap((minutes) =>
      world.pass(at(minutes), bad('pool.error', pool, at(minutes)), bad('cluster.stuck', cluster, at(minutes))),
    );
    expect(next.length > 0).toBe(rowOf('new alert in group'));
    expect(next.map(({ facts }) => facts.kind)).toEqual(['cluster.stuck']);
  });

  test('one of two is over: told, on purpose whatever the destination, since each is owed its own end', () => {
    const world = incidentWorld();
    const two = (now: number) => [bad('pool.error', pool, now), bad('pool.stuck', pool, now, 'warning')];
    for (const minutes of [0, 5]) world.pass(at(minutes), ...two(at(minutes)));
    const said = [10, 15, 20].flatMap((minutes) =>
      world.pass(at(minutes), ok('pool.error', pool, at(minutes)), bad('pool.stuck', pool, at(minutes), 'warning')),
    );
    expect(said.length > 0).toBe(rowOf('partial resolve wanted'));
    expect(told(said)).toEqual(['ops resolve']);
  });

  test('reminders are ours: they grow, where Alertmanager repeats at one interval', () => {
    const world = incidentWorld();
    open(world);
    const interval = vectors.defaults.repeat_interval_s / 60;
    for (let minutes = 10; minutes < 5 + 2 * interval; minutes += 5) stillBad(world, minutes);
    expect(world.sent.filter(({ facts }) => facts.what === 'reminder')).toHaveLength(2);
  });

  test('what is told is remembered as long as the incident lives, however long', () => {
    const world = incidentWorld();
    open(world);
    world.pass(start + 30 * dayMs);
    expect(told(world.sent).filter((one) => one === 'ops open')).toHaveLength(1);
  });
});

test('equal input gives equal output', () => {
  const [one, other] = [incidentWorld(), incidentWorld()];
  for (const world of [one, other]) {
    open(world);
    recover(world, 10);
  }
  expect(one.sent).toEqual(other.sent);
  expect(one.records).toEqual(other.records);
});

test('reasons are bounded and say each thing once', () => {
  const world = incidentWorld(Array.from({ length: 40 }, (_, index) => destination(`d${index}`, { retired: true })));
  open(world);
  for (let minutes = 10; minutes < 60; minutes += 5) stillBad(world, minutes);
  expect(world.record('pool.error', pool)?.why).toHaveLength(41);
  expect(world.written.slice(2)).toEqual(Array.from({ length: 10 }, () => 0));
});
