import { expect, test } from 'vitest';
import { searchAnnouncedWorlds } from './announced-world.ts';

// In parts, so that the worker answers in between.
test.each(Array.from({ length: 20 }, (_, part) => 1_000 + part * 500))(
  'in 500 random worlds from seed %i on, words and deeds agree',
  { timeout: 600_000 },
  (first) => {
    expect(searchAnnouncedWorlds(first, 500).wrong).toEqual([]);
  },
);
