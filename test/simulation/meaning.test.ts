import { describe, expect, test } from 'vitest';
import { compileMeaning } from './config-text.ts';
import { type ConfigMeaning, isSameRule, type RuleMeaning, type ScheduleMeaning } from './meaning.ts';

const schedule = (name: string, from: number): ScheduleMeaning => ({
  name,
  windows: [{ days: [1, 2, 3, 4, 5], from, to: 1140, size: 'base' }],
  otherwise: 'idle',
  lead: 'none',
});
const dev: RuleMeaning = { match: 'dev-*/*', schedule: 'dev', base: 'remembered', idle: 0, limits: { min: 0 } };
const edge: RuleMeaning = { ...dev, match: 'prod-*/edge', schedule: 'other' };
const before: ConfigMeaning = {
  everyMinutes: 15,
  schedules: [schedule('dev', 420), schedule('other', 480)],
  rules: [dev, edge],
  exceptions: [],
};
const withDev = (change: Partial<RuleMeaning>): ConfigMeaning => ({ ...before, rules: [{ ...dev, ...change }, edge] });

function turned(rule: RuleMeaning): RuleMeaning {
  const { match, ...others } = rule;
  return { ...others, match };
}

/** What the program goes by, from the text of the config. */
async function hashOf(config: ConfigMeaning): Promise<string | undefined> {
  const { rules } = await compileMeaning(config, Date.UTC(2027, 5, 1));
  return rules[config.rules.findIndex(({ match }) => match === dev.match)]?.hash;
}

describe('what was approved is the same rule', () => {
  test.each<[string, ConfigMeaning, boolean]>([
    ['as it stands', withDev({}), true],
    [
      'with its defaults written out',
      withDev({ onRemove: 'restore', mode: 'act', onHumanChange: 'respect', isOfTeam: false }),
      true,
    ],
    ['with its keys in another order', { ...before, rules: [turned(dev), edge] }, true],
    ['after another one', { ...before, rules: [edge, dev] }, true],
    ['beside another one that is edited', { ...before, rules: [dev, { ...edge, idle: 1 }] }, true],
    [
      'where another schedule is edited',
      { ...before, schedules: [schedule('dev', 420), schedule('other', 500)] },
      true,
    ],
    ['unless its schedule is edited', { ...before, schedules: [schedule('dev', 430), schedule('other', 480)] }, false],
    ['unless it has the other schedule', withDev({ schedule: 'other' }), false],
    ['unless it is told to leave', withDev({ onRemove: 'leave' }), false],
    ['unless it only observes', withDev({ mode: 'observe' }), false],
    ['unless it overrules people', withDev({ onHumanChange: 'enforce' }), false],
    ['unless its idle is another', withDev({ idle: 1 }), false],
    ['unless its base is another', withDev({ base: 3 }), false],
    ['unless its limits are others', withDev({ limits: { min: 0, max: 6 } }), false],
    ['unless leases may reach further', withDev({ leasesMax: 7 }), false],
  ])('%s', async (_name, after, isSame) => {
    expect(isSameRule(before, after, 'dev-a/workers')).toBe(isSame);
    expect((await hashOf(after)) === (await hashOf(before))).toBe(isSame);
  });

  test('unless it is gone', () => {
    expect(isSameRule(before, { ...before, rules: [edge] }, 'dev-a/workers')).toBe(false);
  });
});
