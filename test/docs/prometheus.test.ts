import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { makeRunMetrics } from '../../lib/cli/run/prometheus-metrics.ts';
import { metricNames } from '../../lib/io/metric-names.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const unless = hasPromtool ? '' : ' (skipped: needs promtool, which comes with Prometheus)';

type Job = { readonly job_name: string; readonly kubernetes_sd_configs?: unknown; readonly static_configs?: unknown };
type Scrape = { readonly rule_files: readonly string[]; readonly scrape_configs: readonly Job[] };

const scrape = parse(readFileSync('docs/prometheus-scrape.yaml', 'utf8')) as Scrape;

describe.skipIf(!hasPromtool)(`promtool${unless}`, () => {
  const promtool = (cwd: string, ...args: readonly string[]) =>
    execFileSync('promtool', args, { cwd, encoding: 'utf8' });

  test('finds that each rule rings when it should, and else not', () => {
    expect(promtool('test/docs', 'test', 'rules', 'prometheus-rules.promtool.yaml')).toContain('SUCCESS');
  });

  test('can use the rules and each job', () => {
    const folder = makeTemporaryFolder();
    // Some builds of Prometheus leave the discovery of Kubernetes out; the rest of that job is checked all the same.
    const jobs = scrape.scrape_configs.map(({ kubernetes_sd_configs: discovery, ...job }) =>
      discovery === undefined ? job : { ...job, static_configs: [{ targets: ['10.0.0.7:9090'] }] },
    );
    writeFileSync(join(folder.path, 'prometheus.yaml'), stringify({ ...scrape, scrape_configs: jobs }));
    copyFileSync('docs/prometheus-rules.yaml', join(folder.path, 'prometheus-rules.yaml'));
    expect(promtool(folder.path, 'check', 'config', 'prometheus.yaml')).toContain('9 rules found');
    folder.remove();
  });
});

test('of each rule there is an example of when it rings', () => {
  const { groups } = parse(readFileSync('docs/prometheus-rules.yaml', 'utf8')) as {
    groups: { rules: { alert: string }[] }[];
  };
  const { tests } = parse(readFileSync('test/docs/prometheus-rules.promtool.yaml', 'utf8')) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  };
  const examples = tests.flatMap(({ alert_rule_test: all }) => all).filter(({ exp_alerts: some }) => some.length > 0);
  const rules = groups.flatMap(({ rules: all }) => all.map(({ alert }) => alert));
  expect(rules.toSorted()).toEqual([...new Set(examples.map(({ alertname }) => alertname))].toSorted());
});

test('no rule asks for the name of a job: whoever runs Prometheus chooses it', () => {
  expect(readFileSync('docs/prometheus-rules.yaml', 'utf8')).not.toMatch(/job(?:=|!=|=~)/u);
});

test('what tells that Lamplighter is there is served from the start', async () => {
  expect((await makeRunMetrics().render()).text).toMatch(new RegExp(`^${metricNames.buildInfo}\\{.*\\} 1$`, 'mu'));
});

test('the shipped unit is found where it listens', () => {
  const listens = /--listen (\S+)/u.exec(readFileSync('deploy/lamplighter.service', 'utf8'))?.[1];
  expect(JSON.stringify(scrape.scrape_configs[0]?.static_configs)).toContain(`"${listens}"`);
});

test('the shipped manifest is found at the port it listens on', () => {
  const manifests = parseAllDocuments(readFileSync('deploy/kubernetes.yaml', 'utf8')).map((one) => one.toJS());
  const { template } = manifests.find(({ kind }) => kind === 'Deployment').spec;
  const { annotations } = template.metadata;
  const job = scrape.scrape_configs.find(
    ({ kubernetes_sd_configs: discovery }) => discovery !== undefined,
  ) as unknown as {
    relabel_configs: { source_labels: string[] }[];
  };
  const asked = job.relabel_configs.flatMap(({ source_labels: labels }) => labels);
  for (const name of Object.keys(annotations)) {
    expect(asked).toContain(`__meta_kubernetes_pod_annotation_${name.replaceAll(/[./]/gu, '_')}`);
  }
  expect(annotations).toEqual({
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(template.spec.containers[0].ports[0].containerPort),
  });
});
