import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bad, incidentWorld, minuteMs, ok, pool, start, told } from './incident-world.ts';

const at = (minutes: number) => start + minutes * minuteMs;

/** One letter per step. */
function life(letters: string, everyMinutes: number) {
  const world = incidentWorld();
  const said = Array.from(letters).flatMap((letter, index) => {
    const now = at(index * everyMinutes);
    const observation = letter === 'b' ? bad('pool.error', pool, now) : ok('pool.error', pool, now);
    return world.pass(now, observation).map(({ facts }) => `${facts.what} ${index * everyMinutes}`);
  });
  return { world, said };
}

describe('an open incident that comes and goes', () => {
  test('is flapping from the fourth change within an hour, says so once, and takes 20 min of calm', () => {
    const { said, world } = life('bbobboooooooo', 5);
    // Changes at 0, 10, 15 and 25: the fourth one makes it flap.
    expect(said).toEqual(['open 5', 'update 25', 'resolve 45']);
    expect(world.sent[1]?.facts.text).toContain('comes and goes');
  });

  test('with three changes is not flapping', () => {
    expect(life('bbooo', 5).said).toEqual(['open 5', 'resolve 20']);
  });

  test('never says that it flaps a second time in one episode', () => {
    const { said } = life(`bb${'obbobb'.repeat(4)}ooooo`, 5);
    expect(said.filter((one) => one.startsWith('update'))).toHaveLength(1);
  });
});

describe('what is never bad for long enough', () => {
  test('opens at six changes within an hour when it was bad for ten minutes of it', () => {
    const { said } = life('bobobobobobobob', 4);
    expect(said[0]).toBe('open 24');
  });

  test('stays quiet when it was bad for less', () => {
    expect(life('bobobobobobob', 1).said).toEqual([]);
  });

  test('opens with the first bad look as its episode', () => {
    const { world } = life('bobobobob', 4);
    expect(world.sent[0]?.episode).toBe(at(0));
  });
});

test('three episodes in six hours ask for an hour of calm', () => {
  const episode = 'bbooo';
  const { said } = life(`${episode.repeat(3)}${'o'.repeat(9)}bb${'o'.repeat(14)}`, 5);
  const resolves = said.filter((one) => one.startsWith('resolve')).map((one) => Number(one.split(' ')[1]));
  const lastOpen = Number(said.findLast((one) => one.startsWith('open'))?.split(' ')[1]);
  expect(resolves).toHaveLength(4);
  expect((resolves.at(-1) ?? 0) - lastOpen).toBe(65);
});

test('a told incident has exactly one end, and opens never follow each other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('b', 'o'), { maxLength: 200 }),
      fc.integer({ min: 1, max: 15 }),
      (letters, every) => {
        const { world } = life(`${letters.join('')}${'o'.repeat(70)}`, every);
        const edges = told(world.sent).filter((one) => one === 'ops open' || one === 'ops resolve');
        expect(edges).toEqual(edges.map((_, index) => (index % 2 === 0 ? 'ops open' : 'ops resolve')));
        expect(edges.length % 2).toBe(0);
        expect(world.record('pool.error', pool)?.phase ?? 'quiet').toBe('quiet');
      },
    ),
  );
});

describe('how other systems judge flapping', () => {
  const { flapping } = JSON.parse(readFileSync(new URL('../../vectors/alerts.json', import.meta.url), 'utf8')) as {
    flapping: { kibana: { status_change_threshold: number }; icinga2: { starts_at_consecutive_changes: number } };
  };

  test('the threshold of changes is Kibana’s, measured in time and not in runs', () => {
    const changes = flapping.kibana.status_change_threshold;
    const letters = `bb${'ob'.repeat(changes)}`.slice(0, 1 + changes);
    expect(life(letters, 5).world.record('pool.error', pool)?.flapping).toBe(true);
    expect(life(letters.slice(0, -1), 5).world.record('pool.error', pool)?.flapping).toBe(false);
    // The same changes spread over hours are episodes of their own.
    expect(life(letters, 25).world.record('pool.error', pool)?.flapping).toBe(false);
  });

  test('what was never open needs as many changes as Icinga asks for', () => {
    const changes = flapping.icinga2.starts_at_consecutive_changes;
    const letters = 'bo'.repeat(changes);
    expect(life(letters.slice(0, changes - 1), 4).said).toEqual([]);
    expect(life(letters.slice(0, changes + 1), 4).said).toHaveLength(1);
  });

  test('while flapping, changes are not told; one resolve follows when it is calm', () => {
    const { said } = life(`bb${'obob'.repeat(2)}ooooo`, 5);
    expect(said.map((one) => one.split(' ')[0])).toEqual(['open', 'update', 'resolve']);
  });
});
