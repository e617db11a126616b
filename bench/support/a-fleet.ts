import { isScheduleProblem } from '../../lib/decide/schedule/schedule-problem.ts';
import { makeWindow } from '../../lib/decide/schedule/window.ts';
import type { CompiledConfig, Rule } from '../../lib/model/config.ts';
import type { Schedule } from '../../lib/model/schedule.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Weekdays from `shift + 6` o'clock to 19:00 local time at base, idle otherwise. */
export function officeHours(name: string, zone: string, shift: number): Schedule {
  const window = makeWindow({ days: 'mon-fri', from: `${String(shift + 6).padStart(2, '0')}:00`, to: '19:00' }, 'base');
  if (isScheduleProblem(window)) throw new Error(window.problem);
  return { name, zone, windows: [window], otherwise: 'idle', lead: { kind: 'none' }, calendarDays: [] };
}

/** `cluster` is a glob's regular expression, as in a compiled match. Every pool of those clusters sleeps at 0. */
export function ruleFor(cluster: string, schedule: string, base: Rule['base'] = 'remembered'): Rule {
  return {
    match: { text: `${cluster}/*`, region: undefined, cluster, pool: '[^/]*', exactPool: false },
    position: { file: 'lamplighter.yml', line: 1 },
    schedule,
    base,
    idle: 0,
    limits: { min: 0, max: undefined },
    leases: { max: 9, longestMs: 24 * hourMs },
    mode: 'act',
    onHumanChange: 'respect',
    onRemove: 'restore',
    graceMs: 30 * minuteMs,
    lead: { kind: 'none' },
    hash: `rule-${cluster}`,
  };
}

export function configOf(patch: Partial<CompiledConfig>): CompiledConfig {
  return {
    schema: 1,
    hash: 'bench',
    file: 'lamplighter.yml',
    zone: undefined,
    everyMs: 5 * minuteMs,
    keepMs: 30 * 24 * hourMs,
    listen: undefined,
    store: { kind: 'sqlite', path: ':memory:' },
    regions: [
      {
        name: 'r1',
        url: 'http://127.0.0.1/api/v1',
        mksRegion: undefined,
        token: { kind: 'env', name: 'LAMPLIGHTER_BENCH_TOKEN' },
      },
    ],
    schedules: [],
    rules: [],
    exceptions: [],
    safety: {
      brake: { pools: 3, percent: 30 },
      maxChangesPerRound: undefined,
      minNodesPerCluster: 0,
      runsOn: undefined,
    },
    watch: { clusters: 'all', stuckAfterMs: 30 * minuteMs, forMs: 5 * minuteMs, clearMs: 10 * minuteMs },
    destinations: [],
    silences: [],
    events: [],
    heartbeat: undefined,
    calendarsEnd: {},
    ...patch,
  };
}
