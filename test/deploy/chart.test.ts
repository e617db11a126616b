import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { compileConfig } from '../../lib/config/compile-config.ts';
import packageJson from '../../package.json' with { type: 'json' };

const chart = parse(readFileSync('deploy/helm/Chart.yaml', 'utf8')) as {
  readonly version: string;
  readonly appVersion: string;
};
const values = parse(readFileSync('deploy/helm/values.yaml', 'utf8')) as { readonly config: object };

/** Helm, where there is one: go install helm.sh/helm/v3/cmd/helm@v3.22.0, or HELM=/path/to/helm. */
const helm = process.env['HELM'] ?? 'helm';
const hasHelm = spawnSync(helm, ['version']).status === 0;
const withHelm = hasHelm ? '' : ' (skipped: there is no helm on this machine)';
/** kubernetes-validate of PyPI, which brings Kubernetes' own schemas. */
const validator = process.env['KUBERNETES_VALIDATE'] ?? 'kubernetes-validate';
const hasValidator = spawnSync(validator, ['--help']).status === 0;
const withValidator = hasValidator ? '' : ' (skipped: there is no kubernetes-validate on this machine)';

const cases = [
  ['defaults', []],
  ['everything', ['--values', 'test/deploy/chart-values.yaml']],
] as const;
const goldenOf = (name: string) => `test/deploy/golden/chart.${name}.yaml`;

type Manifest = { readonly kind: string; readonly spec: unknown };
const manifestsOf = (name: string) =>
  parseAllDocuments(readFileSync(goldenOf(name), 'utf8')).flatMap((one) => (one.toJS() as Manifest | null) ?? []);

describe('the chart', () => {
  test('is of this version, and has our rules for Prometheus', () => {
    expect([chart.version, chart.appVersion]).toEqual([packageJson.version, packageJson.version]);
    expect(readFileSync('deploy/helm/prometheus-rules.yaml', 'utf8')).toBe(
      readFileSync('docs/prometheus-rules.yaml', 'utf8'),
    );
  });

  test('has a config that can be used as it comes, and only observes', async () => {
    const readFile = () => Promise.reject(new Error('no other file'));
    const options = { file: '/config/lamplighter.yml', now: Date.UTC(2026, 10, 23), readFile };
    const outcome = await compileConfig(stringify(values.config), options);
    expect(outcome.ok && outcome.config.rules.map(({ mode }) => mode)).toEqual(['observe']);
  });

  test.skipIf(!hasHelm).each(cases)(`with %s is rendered as it was${withHelm}`, async (name, more) => {
    const rendered = execFileSync(
      helm,
      ['template', 'lamplighter', 'deploy/helm', '--kube-version', '1.30.0', ...more],
      { encoding: 'utf8' },
    );
    await expect(rendered).toMatchFileSnapshot(goldenOf(name).replace('test/deploy/', ''));
  });

  test.skipIf(!hasHelm).each([
    ['nonsense=1', 'nonsense'],
    ['config=abc', 'config'],
    ['storage.size=zz', 'size'],
    ['storage.accessModes={ReadWriteTwice}', 'accessModes'],
    ['service.port=abc', 'port'],
    ['networkPolicy.enabled=maybe', 'enabled'],
    ['resources.limits.memory=lots', 'memory'],
    ['existingSecrets={Bad_Name}', 'existingSecrets'],
    ['env=abc', 'env'],
    ['image.digest=abc', 'digest'],
    ['serviceMonitor.interval=xx', 'interval'],
    ['podDisruptionBudget.minAvailable=half', 'minAvailable'],
  ])(`refuses %s, and names it${withHelm}`, (value, named) => {
    const command = ['template', 'x', 'deploy/helm', '--kube-version', '1.33.0', '--set', value];
    const { status, stderr } = spawnSync(helm, command, { encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toContain("don't meet the specifications of the schema");
    expect(stderr).toContain(named);
  });

  test.skipIf(!hasHelm)(`has nothing that helm lint finds${withHelm}`, () => {
    expect(
      execFileSync(helm, ['lint', '--strict', '--kube-version', '1.30.0', 'deploy/helm'], { encoding: 'utf8' }),
    ).toContain('0 chart(s) failed');
  });

  test.skipIf(!hasValidator).each([...cases.map(([name]) => goldenOf(name)), 'deploy/kubernetes.yaml'])(
    `%s fits the schemas of Kubernetes${withValidator}`,
    (file) => {
      // What the Prometheus operator defines is no kind of Kubernetes' own.
      const own = parseAllDocuments(readFileSync(file, 'utf8'))
        .filter((one) => one.toJS() !== null && !String(one.get('apiVersion')).startsWith('monitoring.'))
        .map((one) => `---\n${one.toString({ directives: false })}`)
        .join('');
      const { status, stdout, stderr } = spawnSync(validator, ['--strict', '-'], { input: own, encoding: 'utf8' });
      expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
    },
  );
});

describe.each(cases.filter(([name]) => existsSync(goldenOf(name))))('what the chart makes with %s', (name) => {
  const manifests = manifestsOf(name);
  const kinds = manifests.map(({ kind }) => kind).toSorted();

  test('is what was asked for', () => {
    const always = ['Deployment', 'Service'];
    const asked =
      name === 'defaults'
        ? ['ConfigMap', 'PersistentVolumeClaim']
        : ['NetworkPolicy', 'PodDisruptionBudget', 'PrometheusRule', 'ServiceMonitor'];
    expect(kinds).toEqual([...always, ...asked].toSorted());
  });

  test('gives the process nothing that it does not need', () => {
    const deployment = manifests.find(({ kind }) => kind === 'Deployment')?.spec as {
      replicas: number;
      strategy: object;
      template: {
        spec: {
          securityContext: object;
          automountServiceAccountToken: boolean;
          containers: { securityContext: object }[];
        };
      };
    };
    const { spec } = deployment.template;
    expect({ replicas: deployment.replicas, strategy: deployment.strategy }).toEqual({
      replicas: 1,
      strategy: { type: 'Recreate' },
    });
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(spec.containers[0]?.securityContext).toEqual({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
  });
});
