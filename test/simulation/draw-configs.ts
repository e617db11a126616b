import type { EpochMs } from '../../lib/model/time.ts';
import type { ClusterSpec } from '../../lib/simulator/fleet.ts';
import { offsetAt } from './berlin-time.ts';
import { type Chance, makeChance } from './chance.ts';
import type { ConfigMeaning, ExceptionMeaning, RuleMeaning, ScheduleMeaning, WindowMeaning } from './meaning.ts';

/** A config and the instant from which it is in force. */
export type TimedConfig = { readonly at: EpochMs; readonly config: ConfigMeaning };

export type ConfigDraw = {
  readonly seed: number;
  readonly start: EpochMs;
  readonly faultsEnd: EpochMs;
  readonly tickMs: number;
  readonly clusters: readonly ClusterSpec[];
  readonly isEdited: boolean;
};

const workdays = [1, 2, 3, 4, 5];
const everyDay = [1, 2, 3, 4, 5, 6, 7];

export function drawConfigs(draw: ConfigDraw): readonly TimedConfig[] {
  const chance = makeChance(draw.seed, 'config');
  const first = drawConfig(chance, draw);
  const configs: TimedConfig[] = [{ at: draw.start, config: first }];
  if (!draw.isEdited) return configs;
  const edits = chance.integer(1, 4);
  const instants = Array.from({ length: edits }, () =>
    Math.floor(draw.start + chance.next() * (draw.faultsEnd - draw.start)),
  ).sort((a, b) => a - b);
  for (const at of instants) {
    const last = configs.at(-1)?.config ?? first;
    configs.push({ at, config: chance.is(0.3) ? chance.pick(configs).config : edit(chance, last, draw) });
  }
  return configs;
}

function drawConfig(chance: Chance, draw: ConfigDraw): ConfigMeaning {
  return {
    everyMinutes: draw.tickMs / 60_000,
    schedules: [drawSchedule(chance, 'dev'), drawSchedule(chance, 'other')],
    rules: drawRules(chance),
    exceptions: chance.is(0.5) ? [drawException(chance, draw)] : [],
    ...(chance.is(0.15) ? { maxChangesPerRound: 1 } : {}),
    ...(chance.is(0.15) ? { minNodesPerCluster: chance.integer(1, 2) } : {}),
  };
}

function drawSchedule(chance: Chance, name: string): ScheduleMeaning {
  const lead = chance.pick(['none', 'none', 'auto', 20] as const);
  const [windows, otherwise] = chance.pick<readonly [readonly WindowMeaning[], 'base' | 'idle']>([
    [[{ days: workdays, from: 420, to: 1140, size: 'base' }], 'idle'],
    [[{ days: workdays, from: 420, to: 1140, size: 'base' }], 'idle'],
    [[{ days: workdays, from: 480, to: 1440 + 150, size: 'base' }], 'idle'],
    [[{ days: everyDay, from: 150, to: 480, size: 'base' }], 'idle'],
    [
      [
        { days: [1, 2, 3, 4], from: 1200, to: 1440 + 390, size: 'idle' },
        { days: [5], from: 1200, to: 3 * 1440 + 390, size: 'idle' },
      ],
      'base',
    ],
    [
      [
        { days: workdays, from: 420, to: 1140, size: 'base' },
        { days: [6], from: 600, to: 840, size: 1 },
      ],
      'idle',
    ],
    [[{ days: everyDay, from: 360, to: 1320, size: 'base' }], 'idle'],
  ]);
  return { name, windows, otherwise, lead };
}

function drawRules(chance: Chance): readonly RuleMeaning[] {
  const devBase = chance.is(0.7) ? ('remembered' as const) : 3;
  const common = chance.is(0.15) ? { onHumanChange: 'enforce' as const } : {};
  const idle = chance.is(0.7) ? 0 : 1;
  return [
    { match: 'mgmt/*', schedule: 'none', base: 1, idle: 1, limits: { min: 1 } },
    ...(devBase === 3
      ? [{ ...devRule(3, 0), match: 'dev-*/burst', base: { min: 1, max: 4 }, schedule: 'dev', ...common }]
      : []),
    {
      ...devRule(devBase, idle),
      ...common,
      ...(chance.is(0.5) ? { limits: { min: 0, max: 6 } } : {}),
      ...(chance.is(0.3) ? { leasesMax: 7 } : {}),
    },
    { ...devRule({ min: 0, max: 4 }, 0), match: 'ml/gpu', schedule: 'other', leasesMax: 8 },
    {
      ...devRule({ min: 3, max: 9 }, 1),
      match: 'prod-*/workers',
      schedule: 'other',
      idle: { min: 1, max: 3 },
      limits: { min: 1, max: 9 },
    },
    { ...devRule(chance.is(0.5) ? 4 : 'remembered', 1), match: 'prod-*/edge', schedule: 'dev', limits: { min: 1 } },
  ];
}

function devRule(base: RuleMeaning['base'], idle: number): RuleMeaning {
  return { match: 'dev-*/*', schedule: 'dev', base, idle, limits: { min: 0 } };
}

function drawException(chance: Chance, draw: ConfigDraw): ExceptionMeaning {
  const length = chance.pick([6, 12, 30, 60]);
  const from = draw.start + chance.next() * (draw.faultsEnd - draw.start);
  const match = chance.pick(['dev-*/*', 'dev-*/workers', 'prod-*/*']);
  const size = chance.pick(['idle', 'idle', 'base'] as const);
  return { match, size, start: localText(from), end: localText(from + length * 3_600_000) };
}

/** To the full ten minutes. */
function localText(at: EpochMs): string {
  const step = 600_000;
  return new Date(Math.floor((at + offsetAt(at)) / step) * step).toISOString().slice(0, 16);
}

function edit(chance: Chance, last: ConfigMeaning, draw: ConfigDraw): ConfigMeaning {
  const kind = chance.integer(0, 6);
  const changeRules = (change: (rule: RuleMeaning) => RuleMeaning | undefined): ConfigMeaning => ({
    ...last,
    rules: last.rules.flatMap((rule) => change(rule) ?? []),
  });
  const target = chance.pick(['dev-*/*', 'prod-*/edge', 'prod-*/workers', 'ml/gpu']);
  switch (kind) {
    case 0:
    case 1:
      return changeRules((rule) => (rule.match === target ? undefined : rule));
    case 2:
      return changeRules((rule) =>
        rule.match === 'dev-*/*' ? { ...rule, idle: rule.idle === 0 ? 1 : 0, onRemove: 'restore' } : rule,
      );
    case 3:
      return { ...last, schedules: last.schedules.map(({ name }) => drawSchedule(chance, name)) };
    case 4:
      return { ...last, exceptions: [...last.exceptions, drawException(chance, draw)] };
    case 5:
      return changeRules((rule) => (rule.match === target ? { ...rule, mode: 'observe' } : rule));
    default:
      return changeRules((rule) =>
        rule.match === target ? { ...rule, onRemove: chance.pick(['leave', 'restore']) } : rule,
      );
  }
}
