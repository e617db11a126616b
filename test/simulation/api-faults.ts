import type { EpochMs } from '../../lib/model/time.ts';
import type { Fault } from '../../lib/simulator/faults.ts';
import { type Chance, makeChance } from './chance.ts';
import { type FaultClass, hourMs, minuteMs, type Scenario } from './scenario.ts';

export type ApiRequest = {
  readonly method: string;
  readonly clusterId: string | undefined;
  readonly poolId: string | undefined;
};

export type ApiFaults = {
  /** Drawn once per request. */
  readonly decide: (request: ApiRequest, now: EpochMs) => ApiFault | undefined;
};

export type ApiFault = { readonly fault: Fault; readonly class: FaultClass };

type Episode = {
  readonly class: 'errors' | 'lies' | 'late';
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly rate: number;
};

/** Faults come in stretches of a few minutes to hours, half of them around a change of the schedule. */
export function makeApiFaults(
  scenario: Scenario,
  names: () => readonly string[],
  edges: readonly EpochMs[],
): ApiFaults {
  const chance = makeChance(scenario.seed, 'api');
  const episodes = (['errors', 'lies', 'late'] as const)
    .filter((kind) => scenario.classes.has(kind))
    .flatMap((kind) => drawEpisodes(kind, scenario, edges));
  return {
    decide: (request, now) => {
      for (const episode of episodes) {
        if (now < episode.from || now >= episode.until || !chance.is(episode.rate)) continue;
        const fault = hidesLabels(scenario, request, chance)
          ? ({ kind: 'absent-labels' } as const)
          : drawFault(episode.class, request, chance, names);
        if (fault) return { fault, class: episode.class };
      }
      return undefined;
    },
  };
}

/** Where rules ask for labels, answers sometimes leave them out. Asked of chance nowhere else: other seeds stay as they are. */
function hidesLabels({ hasSizes }: Scenario, { method, clusterId }: ApiRequest, chance: Chance): boolean {
  return hasSizes && method === 'GET' && clusterId !== undefined && chance.is(0.2);
}

function drawEpisodes(kind: Episode['class'], scenario: Scenario, edges: readonly EpochMs[]): readonly Episode[] {
  const chance = makeChance(scenario.seed, `episodes ${kind}`);
  const { start, faultsEnd, intensity } = scenario;
  const count = Math.ceil(((faultsEnd - start) / (24 * hourMs)) * chance.pick([1, 3, 8]) * intensity);
  return Array.from({ length: count }, () => {
    const anchor =
      chance.is(0.6) && edges.length > 0 ? chance.pick(edges) : start + chance.next() * (faultsEnd - start);
    const from = anchor - chance.integer(0, 10) * minuteMs;
    const until = Math.min(faultsEnd, from + chance.pick([2, 10, 40, 180]) * minuteMs);
    return { class: kind, from, until, rate: chance.pick([0.1, 0.3, 1]) };
  });
}

function drawFault(
  kind: Episode['class'],
  request: ApiRequest,
  chance: Chance,
  names: () => readonly string[],
): Fault | undefined {
  if (kind === 'errors') return drawError(request, chance);
  if (kind === 'late') return request.method === 'PUT' ? drawLate(chance) : undefined;
  if (request.method === 'PUT') return undefined;
  const isList = request.poolId === undefined;
  if (isList && chance.is(0.3)) return { kind: 'omit', item: chance.pick(names()) };
  return { kind: 'stale', byMs: chance.pick([20_000, 60_000, 150_000, 300_000, 600_000, 1_500_000]) };
}

function drawError({ method }: ApiRequest, chance: Chance): Fault {
  const applied = method === 'PUT' && chance.is(0.4);
  const status = chance.pick([500, 502, 503, 504, 408, 429, 401, 403, 404, 409, 400]);
  return chance.pick<Fault>([
    { kind: 'no-connection' },
    { kind: 'reset', applied },
    { kind: 'hang', applied },
    { kind: 'delay', ms: chance.pick([800, 6_000, 20_000]) },
    {
      kind: 'status',
      status,
      applied: applied && status >= 500,
      body: chance.pick(['grpc', 'html', 'empty'] as const),
    },
    { kind: 'status', status: 503, body: 'html' },
    { kind: 'rate-limited', retryAfter: chance.pick(['1', '86400', 'soon']) },
    { kind: 'block-page', status: chance.pick([200, 200, 403] as const), applied },
    { kind: 'redirect', location: 'https://elsewhere.invalid/' },
    { kind: 'cut-off', end: chance.pick(['clean', 'reset'] as const) },
    { kind: 'wrong-shape' },
    { kind: 'unknown-status', status: chance.pick(['Hibernating', 'running', 'Awaiting Network']) },
    { kind: 'absent-size' },
    { kind: 'slow-drip', everyMs: 200, bytes: 400 },
  ]);
}

function drawLate(chance: Chance): Fault {
  return chance.pick<Fault>([
    { kind: 'reset', applied: true },
    { kind: 'hang', applied: true },
    { kind: 'status', status: 504, applied: true },
    { kind: 'applied-late', afterMs: chance.pick([5_000, 40_000, 120_000, 200_000]), answer: 504 },
    { kind: 'applied-late', afterMs: chance.pick([60_000, 180_000, 400_000]), answer: 'hang' },
  ]);
}
