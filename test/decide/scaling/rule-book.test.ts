import { describe, expect, test } from 'vitest';
import { sharedNames } from '../../../lib/decide/scaling/findings.ts';
import { makeRuleBook, timelineOf } from '../../../lib/decide/scaling/rule-book.ts';
import type { Timeline } from '../../../lib/decide/schedule/timeline.ts';
import type { Exception, Rule } from '../../../lib/model/config.ts';
import { aConfig, aMatch, aPool, aRule, at, aWorld, officeHours } from '../../support/scaling-world.ts';

const now = at('2026-03-02T12:00:00Z');
const { cluster } = aWorld('2026-03-02T12:00:00Z', []);
const book = (...rules: readonly Rule[]) => makeRuleBook(aConfig({ rules }), now);
const labelled = (text: string) => ({ ...aMatch(text), labels: { team: 'data' }, labelText: '{ team: data }' });
const none = (text: string) => aRule({ match: aMatch(text), schedule: undefined });

describe('a rule may act in a cluster', () => {
  test.each<[string, readonly Rule[], boolean]>([
    ['where one with a schedule is for it', [aRule()], true],
    ['where it is for one pool', [aRule({ match: aMatch('dev/a') })], true],
    ['not where it is for another', [aRule({ match: aMatch('prod/*') })], false],
    ['not where all pools are spared', [none('dev/*'), aRule()], false],
    ['not where the cluster is spared', [none('dev'), aRule()], false],
    ['where one pool is spared', [none('dev/a'), aRule()], true],
    ['where some pools are spared', [none('dev/a*'), aRule()], true],
    ['where pools with a label are spared', [aRule({ match: labelled('dev/*'), schedule: undefined }), aRule()], true],
    ['where all are spared behind it', [aRule(), none('dev/*')], true],
    ['not where there is none', [], false],
    ['not where some are only spared', [none('dev/a')], false],
  ])('%s', (_, rules, expected) => {
    const own = book(...rules);
    for (let look = 0; look < 2; look += 1) expect(own.mayAct({ region: 'r1', cluster: 'dev' })).toBe(expected);
  });
});

describe('a rule of a pool', () => {
  const names = (pool: string, labels?: Record<string, string>) => ({ region: 'r1', cluster: 'dev', pool, labels });

  test('is the first that matches', () => {
    const [first, second] = [aRule({ match: aMatch('dev/a'), hash: 'a' }), aRule({ hash: 'b' })];
    const own = book(first, second);
    expect([own.ruleOf(names('a')), own.ruleOf(names('b'))]).toEqual([first, second]);
    expect(own.appliedRule(names('b'))).toMatchObject({ rule: second, scheduleName: 'office-hours' });
  });

  test.each<[string, Rule]>([
    ['without a schedule', none('dev/*')],
    ['with one that is not there', aRule({ schedule: 'x' })],
    ['of another cluster', aRule({ match: aMatch('prod/*') })],
  ])('%s applies to nothing', (_, rule) => {
    expect(book(rule, aRule({ match: aMatch('dev/b') })).appliedRule(names('a'))).toBeUndefined();
  });

  test('is unclear while labels decide, and nobody knows them', () => {
    const asks = aRule({ match: labelled('dev/*') });
    expect(book(asks).unclearRule(names('a'))).toBe(asks);
    expect(book(asks).unclearRule(names('a', {}))).toBeUndefined();
    expect(book(aRule(), asks).unclearRule(names('a'))).toBeUndefined();
    expect(book(none('prod/*')).unclearRule(names('a'))).toBeUndefined();
    expect([...book(asks, aRule()).labelKeys]).toEqual(['team']);
  });

  test('has a timeline for each set of exceptions, made once', () => {
    const exception = (match: string): Exception => ({
      match: aMatch(match),
      start: '2026-03-02T12:00:00',
      end: '2026-03-02T16:00:00',
      size: 'idle',
      reason: undefined,
      position: { file: 'f', line: 1 },
    });
    const exceptions = [exception('dev/a*'), exception('dev/*b')];
    const known = new Map<string, Timeline>();
    const of = (pool: string) => timelineOf(officeHours, exceptions, names(pool), now, known);
    const different = ['c', 'a', 'b', 'ab'].map(of);
    expect(new Set(different).size).toBe(4);
    expect(['c', 'a', 'b', 'ab'].map(of).every((timeline, i) => timeline === different[i])).toBe(true);
    expect(of('d')).toBe(different[0]);
  });
});

describe('names that are there twice', () => {
  const of = (
    id: string,
    name: string,
    pools: readonly (readonly [id: string, name: string, status?: string])[],
    status = 'Running',
  ) => ({
    cluster: { ...cluster, id, name, status },
    pools: pools.map(([poolId, pool, own = 'Running']) => aPool(pool, 3, { id: poolId, status: own })),
    record: undefined,
    lookedAt: undefined,
  });
  const rules = [aRule({ match: { ...aMatch('dev/*'), cluster: 'dev.*' } })];
  const shared = (clusters: readonly ReturnType<typeof of>[], own = book(...rules)) => {
    const found = sharedNames({ clusters }, own);
    const pools = clusters.flatMap(({ pools: some }) => some);
    return {
      ambiguous: pools.filter(found.isAmbiguous).map(({ id }) => id),
      held: found.holds.map(({ poolId }) => poolId),
      told: found.findings.map(({ subject, text }) => [subject, text]),
    };
  };
  const poolOf = (clusterId: string, name: string, poolId: string, pool: string) => {
    return { kind: 'pool', region: 'r1', clusterId, poolId, cluster: name, pool };
  };

  test('in one cluster are told once', () => {
    const text = 'dev/a names more than one pool: nothing is changed until one of them is renamed or gone';
    expect(
      shared([
        of('c1', 'dev', [
          ['1', 'a'],
          ['2', 'a'],
          ['3', 'b'],
        ]),
      ]),
    ).toEqual({
      ambiguous: ['1', '2'],
      held: ['1', '2'],
      told: [[poolOf('c1', 'dev', '1', 'a'), text]],
    });
  });

  test('of two clusters are told once', () => {
    const text = '2 clusters are called dev: nothing is changed in them until each has a name of its own';
    expect(
      shared([
        of('c1', 'dev', [
          ['1', 'a'],
          ['2', 'b'],
        ]),
        of('c2', 'dev', [['3', 'c']]),
      ]),
    ).toEqual({
      ambiguous: ['1', '2', '3'],
      held: ['1', '2', '3'],
      told: [[{ kind: 'cluster', region: 'r1', clusterId: 'c1', cluster: 'dev' }, text]],
    });
  });

  test('are none of what is being deleted, nor of other regions', () => {
    const nothing = { ambiguous: [], held: [], told: [] };
    expect(
      shared([
        of('c1', 'dev', [
          ['1', 'a'],
          ['2', 'a', 'Deleting'],
        ]),
      ]),
    ).toEqual(nothing);
    expect(shared([of('c1', 'dev', [['1', 'a']]), of('c2', 'dev', [['2', 'a']], 'Deleting')])).toEqual(nothing);
    const other = of('c2', 'dev', [['2', 'a']]);
    expect(shared([of('c1', 'dev', [['1', 'a']]), { ...other, cluster: { ...other.cluster, region: 'r2' } }])).toEqual(
      nothing,
    );
  });

  test('are told only where a rule is for them', () => {
    const found = shared([
      of('c1', 'prod', [
        ['1', 'a'],
        ['2', 'a'],
      ]),
    ]);
    expect(found).toEqual({ ambiguous: ['1', '2'], held: [], told: [] });
  });

  test('of clusters that were not read are none', () => {
    const unread = { ...of('c1', 'dev', []), pools: undefined };
    expect(sharedNames({ clusters: [unread] }, book(...rules)).holds).toEqual([]);
  });

  test('and labels that nobody knows hold a pool as well', () => {
    const own = book(aRule({ match: labelled('dev/*') }));
    const where = 'the rule "dev/*" in line 1 asks for { team: data }: it is left alone until they are shown';
    expect(shared([of('c1', 'dev', [['1', 'a']])], own)).toEqual({
      ambiguous: ['1'],
      held: ['1'],
      told: [[poolOf('c1', 'dev', '1', 'a'), `the API gives no labels for dev/a, and ${where}`]],
    });
  });
});
