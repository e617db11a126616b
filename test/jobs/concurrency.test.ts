import { describe, expect, test } from 'vitest';
import { makePatience } from '../../lib/jobs/concurrency.ts';
import type { Answer } from '../../lib/model/answer.ts';

const good: Answer<number> = { kind: 'ok', value: 1, answeredAt: 0, serverDate: undefined };
const late: Answer<number> = { kind: 'unknown', reason: 'timeout', detail: 'no answer in 15 s', maybeApplied: true };

async function askTimes(count: number, ask: () => Promise<Answer<number>>): Promise<readonly string[]> {
  const kinds: string[] = [];
  for (let i = 0; i < count; i += 1) kinds.push((await ask()).kind);
  return kinds;
}

describe('a round’s patience', () => {
  test('ends for a region after 32 calls in a row without an answer, and for that region alone', async () => {
    const patience = makePatience(0);
    const kinds = await askTimes(40, () => patience.ask('r1', async () => late));
    expect(kinds).toEqual([...Array<string>(32).fill('unknown'), ...Array<string>(8).fill('not-sent')]);
    expect(patience.silence('r1')).toContain('32 calls of region r1');
    expect(patience.silence('r2')).toBeUndefined();
    expect(await patience.ask('r2', async () => good)).toBe(good);
  });

  test('begins anew with each answer, whatever it says', async () => {
    const patience = makePatience(0);
    const refused: Answer<number> = { kind: 'forbidden', detail: 'no' };
    for (const answer of [good, refused]) {
      await askTimes(31, () => patience.ask('r1', async () => late));
      await patience.ask('r1', async () => answer);
    }
    expect(await askTimes(31, () => patience.ask('r1', async () => late))).not.toContain('not-sent');
  });

  test('starts no call that does not fit the time that is left', async () => {
    let leftMs = 65_000;
    const patience = makePatience(65_000, () => leftMs);
    expect(await patience.ask('r1', async () => good)).toBe(good);
    leftMs -= 1;
    const asked = await patience.ask('r1', () => Promise.reject(new Error('was asked')));
    expect(asked).toMatchObject({ kind: 'not-sent', detail: 'not asked: this run has no time left for it' });
  });
});
