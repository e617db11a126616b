import type { Decision } from '../../decide/scaling/plan.ts';
import type { Clock } from '../../io/clock.ts';
import { listDecisions } from '../../jobs/records/cluster-records.ts';
import { listIncidents } from '../../jobs/records/incident-records.ts';
import { describeSize } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { clockOf } from '../../model/wall-clock.ts';
import type { Film, Look } from './film.ts';
import { scenes, storyMs, tickMs } from './script.ts';
import { demoZone, type Stage } from './stage.ts';

/** One tick of the story, to be shown: what is seen, and what happened in it. */
export type Frame = {
  readonly at: EpochMs;
  readonly film: Film;
  readonly lines: readonly { readonly who: 'fleet' | 'lamplighter'; readonly text: string }[];
};

type Line = Frame['lines'][number];

/** Plays the story tick by tick on the production jobs; the caller sets the pace by how fast it asks for frames. */
export async function* playStory(stage: Stage, real: Clock): AsyncGenerator<Frame> {
  const startedAt = stage.clock.now();
  const pools = new Map<string, Look[]>();
  const film: Film = { startedAt, lengthMs: storyMs, tickMs, zone: demoZone, pools };
  const told = new Set<string>();
  for (let passed = 0; passed <= storyMs; passed += tickMs) {
    const now = startedAt + passed;
    stage.clock.moveTo(now);
    const lines: Line[] = [];
    for (const scene of scenes.filter(({ afterMs }) => afterMs > passed - tickMs && afterMs <= passed)) {
      await scene.play(stage, now);
      lines.push({ who: 'fleet', text: scene.tells });
    }
    await whileTimePasses(stage, real, stage.app.scale(stage.config));
    await whileTimePasses(stage, real, stage.app.watch(stage.config));
    lines.push(...(await newsOf(stage, now, told)));
    lookAt(stage, pools);
    yield { at: now, film, lines };
  }
}

/** A job that waits on the story's clock gets its time, a second at a time. */
async function whileTimePasses(stage: Stage, real: Clock, work: Promise<unknown>): Promise<void> {
  const progress = { isDone: false };
  const done = work.finally(() => {
    progress.isDone = true;
  });
  done.catch(() => {});
  for (let waited = 0; !progress.isDone; waited += 1) {
    await real.sleep(0);
    if (waited > 100) stage.clock.moveTo(stage.clock.now() + 1000);
  }
  await done;
}

function lookAt({ world }: Stage, pools: Map<string, Look[]>): void {
  for (const cluster of world.clusters()) {
    for (const { name, size, status, autoscale, sizeMin, sizeMax } of cluster.pools) {
      const key = `${cluster.name}/${name}`;
      const looks = pools.get(key) ?? [];
      looks.push({ size, asked: autoscale ? `${sizeMin}..${sizeMax}` : String(size), isMoving: status !== 'Running' });
      pools.set(key, looks);
    }
  }
}

async function newsOf({ store, config }: Stage, now: EpochMs, told: Set<string>): Promise<readonly Line[]> {
  const region = config.regions[0]?.name ?? '';
  const decisions = (await listDecisions(store, region, { since: now })).filter(({ at }) => at >= now);
  const incidents = (await listIncidents(store)).filter(({ record }) => record.kind === 'cluster.error');
  const lines = decisions.flatMap((decision) => (isNews(decision) ? [describeDecision(decision)] : []));
  for (const { record } of incidents) {
    const key = `${record.key} ${record.episode} ${record.phase}`;
    if (told.has(key) || record.phase === 'pending') continue;
    told.add(key);
    lines.push(record.phase === 'open' ? `alert: ${record.text}` : 'alert: cluster prod-web is in order again');
  }
  return lines.map((text) => ({ who: 'lamplighter', text }));
}

function isNews({ kind }: Decision): boolean {
  return kind === 'scale' || kind === 'kept' || kind === 'superseded' || kind === 'refused';
}

function describeDecision({ kind, cluster, pool, from, to, reason }: Decision): string {
  const why = inStoryTime(reason);
  if (kind === 'kept') return `keeps ${cluster}/${pool} at ${describeSize(to)}: ${why}`;
  return `${cluster}/${pool} ${describeSize(from)} → ${describeSize(to)}  (${why})`;
}

/** Instants in the story's own time. */
function inStoryTime(reason: string): string {
  return reason.replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/gu, (instant) => clockOf(Date.parse(instant), demoZone).time);
}
