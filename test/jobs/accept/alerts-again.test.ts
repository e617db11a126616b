import { describe, expect, test } from 'vitest';
import { releaseLease } from '../../../lib/jobs/records/ask-records.ts';
import { makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { hourMs, minuteMs, now, sources } from '../../decide/intake/fixtures.ts';

const secondMs = 1000;
const deep = sources['queue-depth'];
const iso = (at: number) => new Date(at).toISOString();

/** Alertmanager's message about one alert; `ended` makes it the one that says so. */
function alert(startedAt: number, ended?: number, fingerprint = 'f1'): object {
  return {
    version: '4',
    alerts: [
      {
        status: ended === undefined ? 'firing' : 'resolved',
        labels: { alertname: 'QueueDeep', cluster: 'blue' },
        startsAt: iso(startedAt),
        endsAt: ended === undefined ? '0001-01-01T00:00:00Z' : iso(ended),
        fingerprint,
      },
    ],
  };
}

/** The story at minutes after `now`: what was sent, and what came of it. */
async function played(...story: readonly (readonly [minutes: number, message: object])[]) {
  const world = makeAcceptWorld();
  const kinds: string[] = [];
  for (const [minutes, message] of story) {
    world.at = now + minutes * minuteMs;
    kinds.push((await world.send(deep, message))[0]!.kind);
  }
  return { world, kinds };
}

describe('an alert that fires again after its end', () => {
  const started = now - hourMs;
  const end = now + 10 * minuteMs;

  test('with its old start raises again, bounded by `for`', async () => {
    const { world, kinds } = await played([0, alert(started)], [10, alert(started, end)], [14, alert(started)]);
    expect(kinds).toEqual(['stored', 'stored', 'stored']);
    expect(await world.live()).toMatchObject([{ atLeast: 6, until: now + 14 * minuteMs + 2 * hourMs }]);
    expect(world.woken).toHaveLength(3);
  });

  test('is held on by its repeats', async () => {
    const { world, kinds } = await played(
      [0, alert(started)],
      [10, alert(started, end)],
      [14, alert(started)],
      [44, alert(started)],
      [104, alert(started)],
    );
    expect(kinds).toEqual(['stored', 'stored', 'stored', 'stored', 'stored']);
    expect(await world.live()).toMatchObject([{ atLeast: 6, until: now + 104 * minuteMs + 2 * hourMs }]);
  });

  test('ends by its next end, not by the old one told again', async () => {
    const { world, kinds } = await played(
      [0, alert(started)],
      [10, alert(started, end)],
      [14, alert(started)],
      [15, alert(started, end)],
    );
    expect(kinds.at(-1)).toBe('unchanged');
    expect(await world.live()).toHaveLength(1);
    world.at = now + 20 * minuteMs;
    expect((await world.send(deep, alert(started, now + 20 * minuteMs)))[0]?.kind).toBe('stored');
    expect(await world.live()).toEqual([]);
  });

  test('and again, and again, each time anew', async () => {
    const again = [20, 40, 60].flatMap((at) => [
      [at, alert(started, now + at * minuteMs)] as const,
      [at + 2, alert(started)] as const,
    ]);
    const { world, kinds } = await played([0, alert(started)], ...again);
    expect(new Set(kinds)).toEqual(new Set(['stored']));
    expect(await world.live()).toHaveLength(1);
  });

  test.each([
    [0, 'unchanged'],
    [60, 'unchanged'],
    [61, 'stored'],
  ])('%i seconds after its end was received: %s', async (seconds, want) => {
    const { kinds } = await played(
      [0, alert(started)],
      [12, alert(started, end)],
      [12 + (seconds * secondMs) / minuteMs, alert(started)],
    );
    expect(kinds.at(-1)).toBe(want);
  });

  test('counts from when the end came, not from when it was', async () => {
    const { kinds } = await played([0, alert(started)], [40, alert(started, end)], [40.5, alert(started)]);
    expect(kinds.at(-1)).toBe('unchanged');
  });

  test('raises although the clock was ahead when it ended', async () => {
    const { world } = await played([0, alert(started)], [10, alert(started, end)]);
    const ahead = makeAcceptWorld({ store: world.store });
    ahead.at = now + 400 * 24 * hourMs;
    await ahead.send(deep, alert(started, end + minuteMs));
    world.at = now + 20 * minuteMs;
    expect((await world.send(deep, alert(started)))[0]?.kind).toBe('stored');
  });

  test('stays down when a person let it go', async () => {
    const { world } = await played([0, alert(started)]);
    world.at = now + 10 * minuteMs;
    await releaseLease(world.store, (await world.live())[0]!, 'ana@desk', world.at);
    world.at = now + 30 * minuteMs;
    expect((await world.send(deep, alert(started)))[0]).toMatchObject({
      kind: 'unchanged',
      reason: 'the lease was released by ana@desk',
    });
    expect((await world.send(deep, alert(world.at)))[0]?.kind).toBe('stored');
  });

  test('that was never seen before its end raises as well', async () => {
    const { kinds } = await played([10, alert(started, end)], [20, alert(started)]);
    expect(kinds).toEqual(['stored', 'stored']);
  });
});

// Two Prometheus servers began to see it at different times; Alertmanager tells the earliest it knows of.
test('an alert whose start moved back is held on', async () => {
  const { world, kinds } = await played([0, alert(now)], [30, alert(now - 20 * secondMs)]);
  expect(kinds).toEqual(['stored', 'stored']);
  expect(await world.live()).toMatchObject([{ until: now + 30 * minuteMs + 2 * hourMs }]);
});

test('an alert ends, whichever of its starts the end is told with', async () => {
  const { world } = await played(
    [0, alert(now)],
    [30, alert(now - 20 * secondMs)],
    [31, alert(now - 20 * secondMs, now + 31 * minuteMs)],
  );
  expect(await world.live()).toEqual([]);
});
