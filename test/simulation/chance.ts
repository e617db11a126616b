/** Seeded chance: one stream per purpose, so that a new kind of draw leaves all others as they were. */
export type Chance = {
  /** In [0, 1). */
  readonly next: () => number;
  readonly integer: (from: number, to: number) => number;
  readonly is: (probability: number) => boolean;
  readonly pick: <T>(items: readonly T[]) => T;
};

/** sfc32 by Chris Doty-Humphrey (PractRand), a small generator whose streams pass its tests. */
export function makeChance(seed: number, purpose: string): Chance {
  let [a, b, c, d] = [seed | 0, hash(purpose), 0x9e3779b9, 1];
  const step = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let i = 0; i < 15; i += 1) step();
  const next = () => step() / 0x1_0000_0000;
  const integer = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    integer,
    is: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
  };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value | 0;
}
