import { describe, expect, test } from 'vitest';
import { makeTimeline, saysAt } from '../../../lib/decide/schedule/timeline.ts';
import type { Exception } from '../../../lib/model/config.ts';
import type { Schedule } from '../../../lib/model/schedule.ts';
import type { Size } from '../../../lib/model/size.ts';
import {
  aConfig,
  aMatch,
  anOverride,
  aPause,
  aPool,
  aRule,
  at,
  aWorld,
  byHand,
  hour,
  memoryOf,
  minute,
  officeHours,
  round,
  runUntil,
  sizeOf,
  type World,
} from '../../support/scaling-world.ts';
import vectors from '../../vectors/decisions.json' with { type: 'json' };

type Vector = {
  readonly spec: Record<string, unknown> & { readonly model: string };
  readonly now: string;
  readonly want: unknown;
  readonly why: string;
  readonly source: string;
};

/** Where our rule is another one on purpose. */
const differences: Record<string, string> = {
  'aws-isc@21ef9f5:tests/integration/test_stop_new_instances_flag.py::new_not_stopped_without_flag':
    'a pool seen for the first time is brought to its size at once: its rule names it, `init` writes mode: observe, and a notice says beforehand what will be lowered',
};

const dailyTenToTwenty: Schedule = {
  ...officeHours,
  windows: [{ text: '10:00-20:00', size: 'base', pieces: [{ from: 36_000, to: 72_000 }] }],
};
const alwaysIdle: Schedule = { ...officeHours, windows: [] };

function answer(vector: Vector): unknown {
  switch (vector.spec.model) {
    case 'decision':
      return decide(vector);
    case 'size':
      return sizeAndMemory(vector);
    case 'restore':
      return restore(vector);
    case 'drift':
      return drift(vector);
    case 'grace':
      return grace(vector);
    case 'override':
      return overrides(vector);
    case 'overlap-precedence':
      return precedence(vector);
    case 'size-sequence':
      return sequence(vector);
    default:
      throw new Error(`no translation for ${vector.spec.model}`);
  }
}

function verdict(world: World, from: Size): string {
  const action = round(world).actions[0];
  return action === undefined ? 'none' : Number(action.to) > Number(from) ? 'scale-up' : 'scale-down';
}

/** "on" = at its base of 3, "off" = at 0; what the peer stored last is what we had reached. */
function decide({ spec, now }: Vector): unknown {
  const rule = aRule({
    onHumanChange: spec.enforced === true ? 'enforce' : 'respect',
    limits: { min: 0, max: undefined },
  });
  const config = aConfig({ rules: [rule], schedules: [dailyTenToTwenty] });
  const size = spec.observed === 'on' ? 3 : 0;
  if (spec.stored === 'unknown' || spec.stored === 'start_failed')
    return verdict(aWorld(now, [aPool('workers', size)], { config }), size);
  const world = aWorld(now, [aPool('workers', 3)], { config, takes: minute });
  const instant = world.now;
  world.now = instant - hour;
  runUntil(world, new Date(instant - 5 * minute).toISOString());
  byHand(world, 'workers', size);
  world.now = instant;
  return verdict(world, size);
}

function sizeAndMemory({ spec, now }: Vector): unknown {
  const rule = aRule({ base: 'remembered', idle: spec.down_size as number });
  const world = aWorld(now, [aPool('workers', spec.size as number, { createdAt: 0 })], {
    config: aConfig({ rules: [rule], schedules: [alwaysIdle] }),
  });
  const action = round(world).actions[0];
  return { size: action?.to, remembered: memoryOf(world, 'workers')?.away?.base };
}

function restore({ now }: Vector): unknown {
  const world = aWorld(now, [aPool('workers', 0)], {
    config: aConfig({ rules: [aRule({ base: 'remembered' })], schedules: [dailyTenToTwenty] }),
  });
  return round(world).findings.some(({ kind }) => kind === 'base.unknown') ? 'error: no running size known' : 'silent';
}

/** Nothing is set up in the service that could be deleted behind our back: every round plans from what is seen. */
function drift({ now }: Vector): unknown {
  const world = aWorld(now, [aPool('workers', 0)], { config: aConfig({ schedules: [dailyTenToTwenty] }) });
  return round(world).actions.length === 1 ? 'repair' : 'none';
}

function grace({ spec, now }: Vector): unknown {
  const rule = aRule({ graceMs: Number(spec.grace_s) * 1000 });
  const world = aWorld(now, [aPool('workers', 3, { createdAt: at(String(spec.created)) })], {
    config: aConfig({ rules: [rule], schedules: [alwaysIdle] }),
  });
  return { in_grace: round(world).holds.some(({ code }) => code === 'grace') };
}

function overrides({ spec, now }: Vector): unknown {
  if (typeof spec.exclude_until === 'string') {
    const world = aWorld(now, [aPool('workers', 3)], {
      config: aConfig({ schedules: [alwaysIdle] }),
      asks: [aPause('2024-06-01T00:00:00Z', spec.exclude_until)],
    });
    return { excluded: round(world).actions.length === 0 };
  }
  const isUp = spec.force_up === true;
  const alwaysBase: Schedule = { ...officeHours, windows: [], otherwise: 'base' };
  const size = isUp ? 0 : 3;
  const world = aWorld(now, [aPool('workers', size)], {
    config: aConfig({ schedules: [isUp ? alwaysIdle : alwaysBase] }),
    asks: [anOverride(isUp ? 3 : 0, '2024-06-05T11:00:00Z', '2024-06-05T14:00:00Z')],
  });
  return verdict(world, size);
}

function precedence({ now }: Vector): unknown {
  const schedule: Schedule = {
    ...officeHours,
    windows: [{ text: 'every day', size: 2, pieces: [{ from: 0, to: 86_400 }] }],
    otherwise: 1,
  };
  const exception: Exception = {
    match: aMatch('dev/*'),
    start: at(now) - hour,
    end: at(now) + hour,
    size: 3,
    reason: undefined,
    position: { file: '', line: 1 },
  };
  const names = new Map<number, string>([
    [1, 'default'],
    [2, 'recurring'],
    [3, 'fixed-date'],
  ]);
  const says = saysAt(makeTimeline(schedule, [exception], at(now)), at(now));
  return says.length === 1 ? names.get(says[0] as number) : says;
}

function sequence({ spec }: Vector): unknown {
  const steps = spec.steps as readonly { at: string; observed: number; by?: string }[];
  const schedule: Schedule = {
    ...officeHours,
    windows: [
      { text: 'mon-fri 07:00-20:00', size: 'base', pieces: [{ from: 25_200, to: 72_000, days: [1, 2, 3, 4, 5] }] },
    ],
  };
  const first = steps[0];
  const world = aWorld(first?.at ?? '', [aPool('workers', first?.observed ?? 0, { createdAt: 0 })], {
    config: aConfig({ rules: [aRule({ base: 'remembered' })], schedules: [schedule] }),
  });
  for (const step of steps.slice(1)) {
    runUntil(world, step.at);
    if (step.by === 'human') byHand(world, 'workers', step.observed);
  }
  runUntil(world, new Date(world.now + hour).toISOString());
  return { size: sizeOf(world, 'workers') };
}

describe('decisions that other systems make, or should', () => {
  test.each((vectors as unknown as Vector[]).map((vector) => [`${vector.source}: ${vector.why}`, vector] as const))(
    '%s',
    (_title, vector) => {
      const given = answer(vector);
      if (differences[vector.source] === undefined) expect(given).toEqual(vector.want);
      else expect(given, differences[vector.source]).not.toEqual(vector.want);
    },
  );

  test('every difference is one of the vectors', () => {
    const sources = new Set(vectors.map(({ source }) => source));
    expect(Object.keys(differences).filter((source) => !sources.has(source))).toEqual([]);
  });
});
