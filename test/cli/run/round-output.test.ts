import { expect, test } from 'vitest';
import { roundJson, roundText } from '../../../lib/cli/run/round-output.ts';
import type { Action } from '../../../lib/decide/scaling/plan.ts';
import type { ScaleReport } from '../../../lib/jobs/scale/scale-round.ts';
import type { Fault } from '../../../lib/simulator/faults.ts';
import { aMatch, aRule } from '../../support/scaling-world.ts';
import { aCliWorld } from '../cli-world.ts';

const refusals: readonly (readonly [string, Fault, RegExp])[] = [
  ['refused', { kind: 'status', status: 403, body: 'grpc', code: 7 }, /^refused dev-api\/build 2 → 0 \(/m],
  [
    'busy',
    { kind: 'status', status: 400, body: 'grpc', code: 9 },
    /^not scaled \(busy, tried again next round\) dev-api\/build 2 → 0 \(/m,
  ],
];

test.each(refusals)('a change that is %s is not told as done, and not counted', async (_, fault, line) => {
  using world = aCliWorld('2026-11-23T20:00:00Z');
  world.world.state.fault = ({ method }) => (method === 'PUT' ? fault : undefined);
  const { out } = await world.run('run', '--once');
  expect(out).toMatch(line);
  expect(out).not.toMatch(/^scaled/m);
  expect(out).toContain(': 0 changes, ');
});

const config = { regions: [], file: 'lamplighter.yml' };
const name = { clusterId: 'c', cluster: 'ml', poolId: 'p', pool: 'gpu' };
const action = (region: string): Action => ({
  ...name,
  region,
  kind: 'scale',
  from: 2,
  to: 0,
  raise: false,
  reason: 'night',
  who: 'schedule',
  deadline: 0,
});

function reportOf(actions: readonly Action[], results: readonly object[]): ScaleReport {
  const plan = { pools: [], actions, holds: [], findings: [], notices: [], updates: [] };
  return { plan, problems: [], results: results as ScaleReport['results'], clusters: 1, pools: 1 };
}

test.each([
  ['sent', 'scaled ml/gpu 2 → 0 (night)'],
  ['outcome-unknown', 'outcome unknown (the next round will see) ml/gpu 2 → 0 (night)'],
  ['claimed-elsewhere', 'not scaled (another process was first) ml/gpu 2 → 0 (night)'],
  ['something-new', 'not scaled (something-new) ml/gpu 2 → 0 (night)'],
])('%s', (result, line) => {
  const report = reportOf([action('r1')], [{ ...name, region: 'r1', result }]);
  expect(roundText(report, config, true, { zone: 'UTC', now: 0 }).split('\n')).toEqual([
    line,
    `1 cluster, 1 pool read: ${result === 'sent' ? '1 change' : '0 changes'}, 0 holds, 0 problems`,
    '',
  ]);
});

test('a result is only its own region’s', () => {
  const results = ['r2', 'r1'].map((region) => ({ ...name, region, result: region === 'r1' ? 'sent' : 'busy' }));
  const { actions } = roundJson(reportOf([action('r1'), action('r2')], results), config);
  expect(actions.map(({ region, result }) => [region, result])).toEqual([
    ['r1', 'sent'],
    ['r2', 'busy'],
  ]);
});

test('a rule that asks for labels is not passed over', () => {
  const rules = [aRule({ match: { ...aMatch('ml/*'), labels: { team: 'data' } } }), aRule({ match: aMatch('*/*') })];
  const many = Array.from({ length: 30 }, (_, i) => ({ ...action('r1'), poolId: `p${i}`, pool: `gpu-${i}` }));
  const others = many.map((one) => ({ ...one, clusterId: 'd', cluster: 'dev' }));
  const report = reportOf([...many, ...others], []);
  const lines = roundText(report, { ...config, rules }, false, { zone: 'UTC', now: 0, isWhole: true }).split('\n');
  expect(lines.slice(0, 2)).toEqual([
    expect.stringContaining('30 pools of rule "ml/*" or a later one, such as ml/gpu-0'),
    expect.stringContaining('30 pools of rule "*/*", such as dev/gpu-0'),
  ]);
});
