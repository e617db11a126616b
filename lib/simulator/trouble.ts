import { findNearest } from '../model/did-you-mean.ts';
import { hourMs, minuteMs, secondMs } from '../model/time.ts';
import type { World } from './create-world.ts';
import type { Fault } from './faults.ts';
import type { PlayedTrouble } from './world-model.ts';

/** Trouble that people can play, to see their alerts before they need them: what each kind does. */
export const troubleKinds = {
  'cluster-error': 'the named cluster goes to Error',
  'pool-error': 'the named node pool (cluster/pool) goes to Error',
  slow: 'every answer comes after 30 seconds, after every time-out',
  down: 'no answer at all',
  '401': 'the token is refused',
  '429': 'there are too many requests',
  '503': 'the service is unavailable',
  html: 'the page of a firewall comes instead of an answer',
  clock: "the service's clock is 12 hours ahead",
} as const;

type TroubleKind = keyof typeof troubleKinds;

/** `fromMs`, `toMs`: after it was asked for, in real time whatever the simulator's speed; no `toMs` = for good. */
export type Trouble = {
  readonly text: string;
  readonly kind: TroubleKind;
  readonly target: string | undefined;
  readonly fromMs: number;
  readonly toMs: number | undefined;
};

export type TroubleProblem = { readonly problem: string };

/** How a trouble is written, for people. */
export const troubleForm = 'KIND[:CLUSTER[/POOL]][@FROM[-TO]], such as cluster-error:prod-web@2m-20m';

/** "pool-error:prod-web/workers@2m", "401@2m-10m". */
export function readTrouble(text: string): Trouble | TroubleProblem {
  const [, kind, target, from, to] =
    /^([^:@]+)(?::([^@]+))?(?:@(\d{1,6}[smh])(?:-(\d{1,6}[smh]))?)?$/u.exec(text) ?? [];
  if (kind === undefined) return { problem: `"${text}" is not a trouble: write ${troubleForm}` };
  if (!isKind(kind)) {
    const kinds = Object.keys(troubleKinds);
    const meant = findNearest(kind, kinds);
    return {
      problem: `there is no trouble "${kind}": ${meant ? `did you mean "${meant}"?` : `use one of ${kinds.join(', ')}`}`,
    };
  }
  const wanted = targetOf(kind);
  if (wanted !== undefined && target?.includes('/') !== (wanted === 'cluster/pool'))
    return {
      problem: `${kind} needs the name of a ${wanted === 'cluster' ? 'cluster' : 'node pool'}: write ${kind}:${wanted}`,
    };
  if (wanted === undefined && target !== undefined)
    return { problem: `${kind} is a trouble of the whole service: leave out ":${target}"` };
  const [fromMs, toMs] = [from === undefined ? 0 : readMs(from), to === undefined ? undefined : readMs(to)];
  if (toMs !== undefined && toMs <= fromMs) return { problem: `"${text}" would end before it begins` };
  return { text, kind, target, fromMs, toMs };
}

/** Plays it; or says why that cannot be. What is due happens when the world is asked next. */
export function playTrouble(world: World, trouble: Trouble): TroubleProblem | undefined {
  const problem = missingTarget(world, trouble);
  if (problem !== undefined) return problem;
  const { state } = world;
  const at = state.clock.now();
  const { begin, end } = effectOf(world, trouble);
  const played: PlayedTrouble = {
    text: trouble.text,
    at,
    isOver: false,
    end: () => {
      if (played.isOver) return;
      played.isOver = true;
      end();
    },
  };
  state.troubles.push(played);
  state.due.add({ at: at + trouble.fromMs, happen: () => !played.isOver && ifThere(begin) });
  if (trouble.toMs !== undefined) state.due.add({ at: at + trouble.toMs, happen: () => played.end() });
  world.advance();
  return undefined;
}

/**
 * The simulator's own door, beside the API and without a token: POST a trouble as text to play it, DELETE ends all, GET
 * tells what is played and what there is.
 */
export async function answerTrouble(world: World, request: Request): Promise<Response> {
  world.advance();
  if (request.method === 'DELETE') {
    for (const one of world.state.troubles) one.end();
    return say(200, 'every trouble is over');
  }
  if (request.method === 'POST') return postTrouble(world, (await request.text()).trim());
  if (request.method === 'GET') return say(200, tellTroubles(world));
  return say(405, 'use GET, POST or DELETE');
}

function postTrouble(world: World, text: string): Response {
  const trouble = readTrouble(text);
  const problem = 'problem' in trouble ? trouble : playTrouble(world, trouble);
  return problem === undefined ? say(200, `played: ${text}`) : say(400, problem.problem);
}

function tellTroubles({ state }: World): string {
  const open = state.troubles
    .filter(({ isOver }) => !isOver)
    .map(({ text, at }) => `${text} (asked for at ${new Date(at).toISOString()})`);
  const kinds = Object.entries(troubleKinds).map(([kind, what]) => `  ${kind.padEnd(14)} ${what}`);
  return [open.length === 0 ? 'no trouble is played' : open.join('\n'), '', `POST ${troubleForm}`, ...kinds].join('\n');
}

function say(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

function isKind(kind: string): kind is TroubleKind {
  return Object.hasOwn(troubleKinds, kind);
}

function targetOf(kind: TroubleKind): 'cluster' | 'cluster/pool' | undefined {
  if (kind === 'cluster-error') return 'cluster';
  return kind === 'pool-error' ? 'cluster/pool' : undefined;
}

function readMs(text: string): number {
  const unit = text.endsWith('h') ? hourMs : text.endsWith('m') ? minuteMs : secondMs;
  return Number(text.slice(0, -1)) * unit;
}

function missingTarget(world: World, { target }: Trouble): TroubleProblem | undefined {
  if (target === undefined) return undefined;
  const clusters = world.clusters();
  const names = target.includes('/')
    ? clusters.flatMap(({ name, pools }) => pools.map((pool) => `${name}/${pool.name}`))
    : clusters.map(({ name }) => name);
  if (names.includes(target)) return undefined;
  const meant = findNearest(target, names);
  return {
    problem: `the simulated fleet has no "${target}"${meant === undefined ? `: there are ${names.slice(0, 10).join(', ')}` : `; did you mean "${meant}"?`}`,
  };
}

type Effect = { readonly begin: () => void; readonly end: () => void };

function effectOf(world: World, { kind, target = '' }: Trouble): Effect {
  const message = 'played by the simulator';
  switch (kind) {
    case 'cluster-error':
      return {
        begin: () => world.setClusterError(target, message),
        end: () => ifThere(() => world.clearClusterError(target)),
      };
    case 'pool-error':
      return {
        begin: () => world.setPoolError(target, message),
        end: () => ifThere(() => world.clearPoolError(target)),
      };
    case 'clock':
      return {
        begin: () => void (world.behaviour.dateSkewMs = 12 * hourMs),
        end: () => void (world.behaviour.dateSkewMs = 0),
      };
    default:
      return faulty(world, faults[kind]);
  }
}

const faults: { readonly [kind in Exclude<TroubleKind, 'cluster-error' | 'pool-error' | 'clock'>]: Fault } = {
  slow: { kind: 'delay', ms: 30 * secondMs },
  down: { kind: 'no-connection' },
  '401': { kind: 'status', status: 401 },
  '429': { kind: 'rate-limited', retryAfter: '60' },
  '503': { kind: 'status', status: 503 },
  html: { kind: 'block-page', status: 200 },
};

/** What was wrong with the service before goes on beneath. */
function faulty({ state }: World, fault: Fault): Effect {
  const playing = { isOn: false };
  const begin = () => {
    const before = state.fault;
    playing.isOn = true;
    state.fault = (request) => (playing.isOn ? fault : before?.(request));
  };
  return { begin, end: () => void (playing.isOn = false) };
}

/** It may be deleted meanwhile. */
function ifThere(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing is left to be mended.
  }
}
