import { describe, expect, test } from 'vitest';
import type { PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import { rememberMissing } from '../../../lib/decide/scaling/missing-pools.ts';
import { at, hour, minute } from '../../support/scaling-world.ts';

const now = at('2026-03-02T12:00:00Z');
const day = 24 * hour;

function aMemory(patch: Partial<PoolMemory> = {}): PoolMemory {
  return { name: 'workers', autoscale: false, ...patch };
}

function remember(memory: PoolMemory, lookedAt?: number): PoolMemory | undefined {
  return rememberMissing({ p: memory }, () => false, now, lookedAt).p;
}

describe('a pool that no answer shows', () => {
  test.each([
    ['just short of 7 days', 7 * day - 1, true],
    ['7 days', 7 * day, false],
  ])('missed for %s: remembered? %s', (_title, ago, isRemembered) => {
    expect(remember(aMemory({ missingSince: now - ago })) !== undefined).toBe(isRemembered);
  });

  test.each([
    ['the first time it was not shown', { unseenSince: now - hour }, now - minute, now - hour],
    ['the last look', {}, now - minute, now - minute],
    ['the look at which it was seen, where no later one is known', {}, undefined, now - day],
  ])('was last seen at %s', (_title, patch, lookedAt, expected) => {
    const seen = { size: 3, at: now - day };
    expect(remember(aMemory({ seen, ...patch }), lookedAt)?.unseenSince).toBe(expected);
  });

  test('is one of 50 at most: first those away from their base, then those missed last', () => {
    const away = { base: 3, from: 'remembered' as const, since: now };
    const missed = Array.from(
      { length: 60 },
      (_, i) => [`p${i}`, aMemory({ missingSince: now - i * minute })] as const,
    );
    const memories = { ...Object.fromEntries(missed), away: aMemory({ away, missingSince: now - day }) };
    const kept = Object.keys(rememberMissing(memories, () => false, now, undefined));
    expect(kept.sort()).toEqual(['away', ...missed.slice(0, 49).map(([id]) => id)].sort());
  });
});
