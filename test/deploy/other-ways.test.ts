import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { compileConfig } from '../../lib/config/compile-config.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

type Manifest = { readonly kind: string; readonly [key: string]: unknown };

const manifests = parseAllDocuments(readFileSync('deploy/kubernetes.yaml', 'utf8')).map(
  (one) => one.toJS() as Manifest,
);
const kind = (name: string) => manifests.find((one) => one.kind === name);

const deployment = kind('Deployment') as unknown as { spec: { template: { spec: PodSpec } } };
const { spec } = deployment.spec.template;
const [container] = spec.containers;

type PodSpec = {
  readonly securityContext: object;
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly securityContext: object;
    readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
    readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly defaultMode: number } }[];
};

async function mountedConfig(): Promise<CompiledConfig> {
  const { data } = kind('ConfigMap') as unknown as { data: { [file: string]: string } };
  const readFile = () => Promise.reject(new Error('no other file'));
  const options = { file: '/config/lamplighter.yml', now: Date.UTC(2026, 10, 23), readFile };
  const outcome = await compileConfig(data['lamplighter.yml'] ?? '', options);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.config;
}

describe('the Kubernetes manifests', () => {
  test('are what is needed, and no more', () => {
    expect(manifests.map((one) => one.kind)).toEqual([
      'Secret',
      'ConfigMap',
      'PersistentVolumeClaim',
      'Deployment',
      'Service',
    ]);
  });

  test('give the process nothing it does not need', () => {
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container?.securityContext).toEqual({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(spec.automountServiceAccountToken).toBe(false);
  });

  test('hold a config that can be used, in mode observe, with its state on the volume', async () => {
    const config = await mountedConfig();
    expect(config.rules.map(({ mode }) => mode)).toEqual(['observe']);
    expect(config.store).toEqual({ kind: 'sqlite', path: '/data/lamplighter.db' });
    expect(container?.volumeMounts).toContainEqual({ name: 'data', mountPath: '/data' });
  });

  test('mount each secret that the config names, readable by the process alone', async () => {
    const config = await mountedConfig();
    const { stringData } = kind('Secret') as unknown as { stringData: object };
    const named = [config.regions[0]?.token, config.destinations[0]?.url].map(
      (ref) => ref && 'path' in ref && ref.path,
    );
    expect(named).toEqual(Object.keys(stringData).map((key) => `/run/secrets/lamplighter/${key}`));
    expect((spec.volumes.find(({ name }) => name === 'secrets')?.secret?.defaultMode ?? 0o777) & 0o007).toBe(0);
  });

  test('probe the address that the process listens on', () => {
    const [port] = container?.ports ?? [];
    expect(container?.args.at(-1)).toBe(`0.0.0.0:${port?.containerPort}`);
    expect(container?.livenessProbe.httpGet).toEqual({ path: '/healthz', port: port?.name });
    expect(container?.readinessProbe.httpGet).toEqual({ path: '/readyz', port: port?.name });
  });

  test('never start the next pod while a volume is held by the last', () => {
    expect(parse(JSON.stringify(kind('Deployment')?.['spec']))).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
    });
  });
});

describe('the systemd unit', () => {
  const lines = readFileSync('deploy/lamplighter.service', 'utf8').split('\n');
  const values = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));

  test('runs the command with its secrets as credentials and its state in a folder of its own', () => {
    // npm's prefix is /usr/local or /usr: a bare name is found in both.
    expect(values('ExecStart')[0]).toMatch(/^lamplighter run --config \/etc\/lamplighter\/lamplighter\.yml/u);
    expect(values('LoadCredential').every((one) => /^[\w-]+:\/etc\/lamplighter\/secrets\/[\w-]+$/u.test(one))).toBe(
      true,
    );
    expect(values('LoadCredential').length).toBeGreaterThan(0);
    expect(values('StateDirectory')).toEqual(['lamplighter']);
  });

  test.each([
    ['DynamicUser', 'yes'],
    ['NoNewPrivileges', 'yes'],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['Restart', 'always'],
  ])('%s=%s', (key, value) => {
    expect(values(key)).toEqual([value]);
  });

  const verifier = spawnSync('systemd-analyze', ['--version']);
  const isThere = verifier.status === 0;
  test.skipIf(!isThere)(
    `is one for systemd${isThere ? '' : ' (skipped: there is no systemd-analyze on this machine)'}`,
    () => {
      const { path, remove } = makeTemporaryFolder();
      try {
        // The command is looked up where npm installs it, which this machine need not have.
        const unit = join(path, 'lamplighter.service');
        writeFileSync(unit, lines.join('\n').replace('ExecStart=lamplighter', 'ExecStart=/bin/true'));
        const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      } finally {
        remove();
      }
    },
  );

  test('waits longer for its end than a request may take', () => {
    expect(Number(values('TimeoutStopSec')[0])).toBeGreaterThan(30);
  });
});

describe('the container image', () => {
  const instructions = readFileSync('Dockerfile', 'utf8')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /u.test(line));
  const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

  test('runs as nobody special, with its state on a volume', () => {
    expect(last).toContain('USER 1000:1000');
    expect(last).toContain('VOLUME /data');
    expect(last.findIndex((line) => line === 'USER 1000:1000')).toBeLessThan(
      last.findIndex((line) => line.startsWith('ENTRYPOINT')),
    );
  });

  test('starts the built command, which gets signals itself', () => {
    expect(last).toContain('ENTRYPOINT ["node", "/app/dist/cli/lamplighter.js"]');
    expect(last.filter((line) => /^(?:ENTRYPOINT|CMD) (?!\[)/u.test(line))).toEqual([]);
  });

  test('is built from the lock file, with nothing else of the folder', () => {
    expect(instructions).toContain('RUN npm ci');
    expect(readFileSync('.dockerignore', 'utf8').split('\n')[0]).toBe('*');
  });
});
