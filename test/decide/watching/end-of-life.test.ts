import { describe, expect, test } from 'vitest';
import { endOfLife } from '../../../lib/decide/watching/end-of-life.ts';
import { aCluster, answersOf, at, regionWorld, start, states } from './watching-world.ts';

const dayMs = 86_400_000;
const day = (text: string) => Date.parse(`${text}T00:00:00Z`);
const eol = (text: string) => ({ eol: day(text) });
const own = { '1.35': eol('2027-02-28'), '1.35.2': eol('2027-03-31'), '1.3': eol('2020-01-01') };

describe('when a version ends', () => {
  test.each([
    ['by the config, for all patches', '1.35.0', undefined, { date: day('2027-02-28'), from: 'config' }],
    ['by the config, for one patch', '1.35.2', undefined, { date: day('2027-03-31'), from: 'config' }],
    ['with a v before it', 'v1.35.7', undefined, { date: day('2027-02-28'), from: 'config' }],
    ['with a build after it', '1.35.7-mks.1', undefined, { date: day('2027-02-28'), from: 'config' }],
    ['by nobody', '1.36.0', undefined, undefined],
    ['by nobody, though the number begins alike', '1.350.0', undefined, undefined],
    ['by nobody, for what is no version', '__proto__', undefined, undefined],
    ['by the provider', '1.36.0', day('2027-05-01'), { date: day('2027-05-01'), from: 'provider' }],
    [
      'by both alike',
      '1.35.0',
      day('2027-02-28') + 3_600_000,
      { date: day('2027-02-28') + 3_600_000, from: 'provider' },
    ],
    [
      'by the provider, where they differ',
      '1.35.0',
      day('2027-03-01'),
      { date: day('2027-03-01'), from: 'provider', configured: day('2027-02-28') },
    ],
  ])('%s', (_, version, date, want) => {
    expect(endOfLife({ version, eol: date }, own)).toEqual(want);
  });
});

const version = (eolAt?: number) => ({ id: 'v1', version: '1.35.0', eol: eolAt });

/** What is seen of the end of 1.35.0 at these hours, by what the provider and the config then say. */
function looks(
  ...said: readonly (readonly [hour: number, provider: number | undefined, config: number | undefined])[]
) {
  const versions: Record<string, { eol: number }> = {};
  const world = regionWorld(undefined, true, versions);
  return said.map(([hour, provider, config]) => {
    if (config === undefined) delete versions['1.35'];
    else versions['1.35'] = { eol: start + config * dayMs };
    const eolAt = provider === undefined ? undefined : start + provider * dayMs;
    const answers = answersOf({}, [aCluster({ version: version(eolAt) })]);
    const { observations } = world.look(at(hour * 60), answers);
    const found = observations.find(({ kind }) => kind === 'version.eol');
    if (found?.state !== 'ends') return states(observations, 'version.eol')[0];
    return [Math.round((found.ends.date - start) / dayMs), found.ends.facts?.['dateFrom'] ?? 'provider'];
  });
}

describe('a date of the config', () => {
  test('counts where the provider gives none', () => {
    expect(looks([0, undefined, 30])).toEqual([[30, 'the config']]);
  });

  test("gives way to the provider's, once that was read twice", () => {
    expect(looks([0, undefined, 30], [1, 50, 30], [3, 50, 30], [4, 50, undefined])).toEqual([
      [30, 'the config'],
      [30, 'the config'],
      [50, expect.stringMatching(/^the provider; the config says \d{4}-\d{2}-\d{2}$/)],
      [50, 'provider'],
    ]);
  });

  test("does not stand in for a provider's that one answer leaves out", () => {
    expect(looks([0, 50, 30], [1, undefined, 30], [3, undefined, 30])[1]).toBeUndefined();
  });

  test('ends with the config', () => {
    expect(looks([0, undefined, 30], [1, undefined, undefined], [2, undefined, undefined], [3, undefined, 40])).toEqual(
      [[30, 'the config'], 'version.eol over', undefined, [40, 'the config']],
    );
  });

  test('may move', () => {
    expect(looks([0, undefined, 30], [1, undefined, 60], [3, undefined, 60]).at(-1)).toEqual([60, 'the config']);
  });
});
