import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeRunMetrics } from '../../lib/cli/run/prometheus-metrics.ts';
import type { HoldCode } from '../../lib/decide/scaling/plan.ts';
import { metricNames } from '../../lib/io/metric-names.ts';

const used = (text: string) => new Set(text.match(/\blamplighter_[a-z_]+/g));

test.each(['docs/prometheus-rules.yaml', 'docs/grafana-dashboard.json'])(
  '%s names only metrics that exist',
  async (file) => {
    const { text } = await makeRunMetrics().render();
    const served = new Set([...text.matchAll(/^# HELP (\S+)/gm)].map((match) => match[1]));
    const named = [...used(readFileSync(file, 'utf8'))];
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !served.has(name))).toEqual([]);
  },
);

type Rule = { readonly alert: string; readonly expr: string; readonly annotations: { readonly summary?: string } };

function readRules(): readonly Rule[] {
  const { groups } = parse(readFileSync('docs/prometheus-rules.yaml', 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap((group) => group.rules);
}

test('every rule says what is wrong, and how long that must last where it may pass', () => {
  expect(readRules().filter((rule) => !rule.expr || !rule.annotations.summary)).toEqual([]);
});

test('no rule rings for a pool that a person holds on purpose', () => {
  const onPurpose: readonly HoldCode[] = ['observe', 'paused'];
  const held = `${metricNames.poolHeld}{code=~"${onPurpose.join('|')}"}`;
  const rule = readRules().find(({ alert }) => alert === 'LamplighterPoolNotAtSize');
  // The labels that only one of both sides has.
  expect(rule?.expr.replaceAll(/\s+/gu, ' ')).toContain(` unless ignoring (bound, code) ${held}`);
});

test('what a round showed is served, and gone with the next round', async () => {
  const metrics = makeRunMetrics();
  const names = { region: 'r1', clusterId: 'c', cluster: 'dev', poolId: 'p' };
  const plan = {
    pools: [
      { ...names, pool: 'workers', status: 'Running', seen: 3, nodes: 2, wanted: 0 },
      {
        ...names,
        pool: 'gpu "x"\n',
        status: 'Running',
        seen: { min: 0, max: 4 },
        nodes: 2,
        wanted: { min: 0, max: 4 },
      },
    ],
    actions: [],
    findings: [],
    notices: [],
    updates: [],
    holds: [
      {
        ...names,
        kind: 'hold' as const,
        pool: 'workers',
        code: 'paused' as const,
        from: 3,
        to: 0,
        reason: '',
        who: '',
      },
    ],
  };
  const report = { plan, problems: [], results: [], clusters: 1, pools: 2, regions: [{ region: 'r1', clusters: 1 }] };
  metrics.showRound(report, 1000_000, 250);
  const { text } = await metrics.render();
  expect(text).toContain(`${metricNames.poolDesired}{region="r1",cluster="dev",pool="workers",bound="size"} 0`);
  expect(text).toContain('pool="gpu \\"x\\"\\n",bound="max"} 4');
  expect(text).toContain(`${metricNames.poolHeld}{region="r1",cluster="dev",pool="workers",code="paused"} 1`);
  expect(text).toContain(`${metricNames.lastRound}{region="r1"} 1000`);
  metrics.showRound({ ...report, plan: { ...plan, pools: [], holds: [] } }, 2000_000, 250);
  expect((await metrics.render()).text).not.toContain('pool="workers"');
});
