import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Match } from '../../lib/model/config.ts';
import { matchesCluster, matchesPool } from '../../lib/model/match.ts';
import { runs } from '../support/runs.ts';

function aMatch(cluster: string, pool?: string): Match {
  return { text: cluster, region: undefined, cluster, pool, exactPool: false };
}

test('a cluster is matched as its whole regular expression says, however it begins', () => {
  const part = fc.constantFrom('a', 'b-', '7', '[^/]*', 'a?', 'b+', '7{2}', '(?:a|b)', '\\.', 'a*', '.');
  const source = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
  const name = fc.array(fc.constantFrom('a', 'b', '-', '7', '.'), { maxLength: 6 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(source, name, (cluster, text) => {
      const says = new RegExp(`^(?:${cluster})$`, 'u').test(text);
      return matchesCluster(aMatch(cluster), { region: 'r1', cluster: text }) === says;
    }),
    runs(300),
  );
});

test('a match without a pool part names every pool of its clusters', () => {
  const names = { region: 'r1', cluster: 'dev-1', pool: 'gpu' };
  expect(matchesPool(aMatch('dev-[^/]*'), names)).toBe(true);
  expect(matchesPool(aMatch('dev-[^/]*', 'cpu'), names)).toBe(false);
  expect(matchesPool(aMatch('prod-[^/]*'), names)).toBe(false);
});
