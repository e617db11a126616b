import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Observation } from '../../../lib/decide/incidents/observation.ts';
import type { FindingKind, Subject } from '../../../lib/model/finding.ts';
import {
  bad,
  cluster,
  destination,
  incidentWorld,
  minuteMs,
  ok,
  only,
  pool,
  region,
  start,
  unknown,
} from './incident-world.ts';

type State = 'bad' | 'ok' | 'unknown';
const state = fc.constantFrom<State>('bad', 'ok', 'unknown');

function observe(kind: FindingKind, subject: Subject, now: number, is: State): Observation {
  if (is === 'unknown') return unknown(kind, subject);
  return is === 'bad' ? bad(kind, subject, now) : ok(kind, subject, now);
}

const history = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 45 }), api: state, cluster: state, pool: state }), {
  maxLength: 120,
});

/** Runs a history and hands each pass to a check. */
function live(
  passes: readonly { gap: number; api: State; cluster: State; pool: State }[],
  check: (pass: (typeof passes)[number], said: ReturnType<ReturnType<typeof incidentWorld>['pass']>) => void,
) {
  const world = incidentWorld([
    destination('ops'),
    destination('pager', { kind: 'pagerduty', only: only('critical') }),
  ]);
  let now = start;
  const step = (pass: (typeof passes)[number]) => {
    now += pass.gap * minuteMs;
    const all = [
      observe('api.unreachable', region, now, pass.api),
      observe('cluster.error', cluster, now, pass.cluster),
      observe('pool.error', pool, now, pass.pool),
    ];
    check(pass, world.pass(now, ...all));
  };
  for (const pass of passes) step(pass);
  // In the end all is well for long enough for every calm that is asked for.
  for (let i = 0; i < 20; i += 1) step({ gap: 10, api: 'ok', cluster: 'ok', pool: 'ok' });
  return world;
}

const kinds = { api: 'api.unreachable', cluster: 'cluster.error', pool: 'pool.error' } as const;

test('unknown never opens and never resolves', () => {
  fc.assert(
    fc.property(history, (passes) => {
      live(passes, (pass, said) => {
        for (const [name, kind] of Object.entries(kinds)) {
          if (pass[name as keyof typeof kinds] !== 'unknown') continue;
          // A reminder, or word that something open comes and goes, is neither.
          const edges = said.filter(
            ({ facts: { kind: of, what } }) => of === kind && (what === 'open' || what === 'resolve'),
          );
          expect(edges).toEqual([]);
        }
      });
    }),
  );
});

test('nothing opens or reminds below what is bad in the same pass', () => {
  fc.assert(
    fc.property(history, (passes) => {
      live(passes, (pass, said) => {
        const loud = said.filter(({ facts }) => facts.what === 'open' || facts.what === 'reminder');
        const told = new Set(loud.map(({ facts }) => facts.kind));
        if (pass.api === 'bad') expect(told.has('cluster.error') || told.has('pool.error')).toBe(false);
        if (pass.cluster === 'bad') expect(told.has('pool.error')).toBe(false);
      });
    }),
  );
});

test('each destination hears an open, then its end, and both of the same episode', () => {
  fc.assert(
    fc.property(history, (passes) => {
      const world = live(passes, () => {});
      const lanes = Map.groupBy(world.sent, ({ destination, key, episode }) => `${destination} ${key} ${episode}`);
      for (const lane of lanes.values()) {
        const whats = lane.map(({ facts }) => facts.what);
        expect(whats[0]).toBe('open');
        expect(whats.at(-1)).toBe('resolve');
        expect(whats.filter((what) => what === 'open' || what === 'resolve')).toHaveLength(2);
        const sequences = lane.map(({ sequence }) => sequence);
        expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      }
      const ids = world.sent.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(world.records.every(({ phase, told }) => phase === 'quiet' && Object.keys(told).length === 0)).toBe(true);
    }),
  );
});
