import { type Chance, makeChance } from './chance.ts';
import type { ConfigMeaning, ScheduleMeaning, WindowMeaning } from './meaning.ts';

const workdays = [1, 2, 3, 4, 5];
const everyDay = [1, 2, 3, 4, 5, 6, 7];

type Said = Pick<ScheduleMeaning, 'windows' | 'otherwise'>;

/**
 * Schedules that say more than base and idle. They have a stream of chance of their own, and are put over a config that is
 * drawn already: seeds that were recorded without them stay what they were.
 */
export function withSizes(config: ConfigMeaning, seed: number): ConfigMeaning {
  const chance = makeChance(seed, 'sizes');
  const schedules = config.schedules.map((schedule) =>
    chance.is(0.7) ? { ...schedule, ...drawSaid(chance, schedule) } : schedule,
  );
  const exceptions = config.exceptions.map((one) => (chance.is(0.3) ? { ...one, size: 'leave' as const } : one));
  const isByTeam = chance.is(0.5);
  const rules = config.rules.flatMap((rule) =>
    isByTeam && rule.match === 'dev-*/*' ? [{ ...rule, isOfTeam: true, schedule: 'other' }, rule] : [rule],
  );
  return { ...config, schedules, rules, exceptions };
}

function drawSaid(chance: Chance, { windows, otherwise }: ScheduleMeaning): Said {
  const night: WindowMeaning = { days: everyDay, from: 1140, to: 1440 + 420, size: 'idle' };
  const day: WindowMeaning = { days: workdays, from: 420, to: 1140, size: 'base' };
  return chance.pick<Said>([
    { windows: [night], otherwise: 'leave' },
    { windows: [day], otherwise: 'leave' },
    { windows: [day, { days: everyDay, from: 1320, to: 1440 + 240, size: 'idle' }], otherwise: 'leave' },
    { windows: [day, { days: [6, 7], from: 0, to: 1440, size: 'leave' }], otherwise: 'idle' },
    { windows: [...windows, { days: everyDay, from: 690, to: 810, size: 'leave' }], otherwise },
    { windows: [{ days: workdays, from: 480, to: 600, size: 2 }], otherwise: 'leave' },
    {
      windows: [day, { days: everyDay, from: 1200, to: 1440 + 300, every: 150, lasts: 40, size: 'base' }],
      otherwise: 'idle',
    },
    { windows: [{ days: everyDay, from: 380, to: 1150, every: 240, lasts: 170, size: 'base' }], otherwise: 'idle' },
    {
      windows: [{ days: workdays, workday: [1, 2, 5, 8, 12, -1, -3, -6, -9], from: 420, to: 1140, size: 'base' }],
      otherwise: 'idle',
    },
    {
      windows: [night, { days: workdays, workday: [3, 7, -2, -5], from: 1200, to: 1320, size: 'base' }],
      otherwise: 'leave',
    },
  ]);
}
