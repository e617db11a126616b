/**
 * How often a property is tried: enough to find what is common in a test run of a few minutes, and as many times more
 * as LAMPLIGHTER_RUNS says to find what is rare.
 */
export function runs(few: number): { readonly numRuns: number } {
  const times = Number(process.env['LAMPLIGHTER_RUNS'] ?? 1);
  return { numRuns: Math.max(1, Math.round(few * times)) };
}

/** In `npm run test:long`: then a test that walks through years, zones or sizes walks through all of them. */
export const isLong = Number(process.env['LAMPLIGHTER_RUNS'] ?? 1) >= 10;
