import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type Lock, shrinkwrapOf } from '../../scripts/shrinkwrap.ts';

type Manifest = {
  readonly dependencies: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
  readonly files: readonly string[];
};
type Locked = { readonly integrity?: string; readonly hasInstallScript?: boolean; readonly dependencies?: object };

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
const packages = (of: Lock) => Object.entries(of.packages) as unknown as readonly (readonly [string, Locked])[];
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('every package is locked to its content', () => {
  const loose = packages(lock).filter(([path, { integrity }]) => path !== '' && !integrity?.startsWith('sha512-'));
  expect(loose.map(([path]) => path)).toEqual([]);
});

test('the published package brings a lock of what it runs', () => {
  const shrinkwrap = shrinkwrapOf(lock);
  const names = packages(shrinkwrap).map(([path]) => path);
  for (const name of Object.keys(manifest.dependencies)) expect(names).toContain(`node_modules/${name}`);
  for (const [, { dependencies }] of packages(shrinkwrap)) {
    for (const name of Object.keys(dependencies ?? {})) expect(names.some((path) => nameOf(path) === name)).toBe(true);
  }
  for (const tool of ['typescript', 'vitest', 'esbuild', 'node']) expect(names).not.toContain(`node_modules/${tool}`);
  expect(manifest.files).toContain('npm-shrinkwrap.json');
});

test('every install script is judged, and none is of a package that runs', () => {
  const scripts = packages(lock).filter(([, { hasInstallScript }]) => hasInstallScript === true);
  expect(scripts.map(([path]) => nameOf(path)).filter((name) => !(name in manifest.allowScripts))).toEqual([]);
  expect(packages(shrinkwrapOf(lock)).filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  expect(readFileSync('.npmrc', 'utf8')).toMatch(/^strict-allow-scripts=true$/mu);
});

test('every action is named by its commit', () => {
  const folder = '.github/workflows';
  const used = readdirSync(folder).flatMap((file) => [
    ...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/uses: (.*)$/gmu),
  ]);
  expect(used.length).toBeGreaterThan(1);
  for (const [, action] of used) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d/u);
});

test('the image says where its base is pinned', () => {
  const froms = readFileSync('Dockerfile', 'utf8').match(/^FROM .*$/gmu);
  expect(froms).toEqual(['FROM ${NODE_IMAGE} AS build', 'FROM ${NODE_IMAGE}']);
});

test('npm run sbom lists what runs, and nothing else', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'sbom'], { maxBuffer: 2 ** 26 });
  const { bomFormat, components } = JSON.parse(stdout) as {
    readonly bomFormat: string;
    readonly components: readonly { readonly name: string; readonly hashes?: readonly object[] }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const names = components.map(({ name }) => name);
  for (const name of Object.keys(manifest.dependencies)) expect(names).toContain(name);
  for (const tool of ['typescript', 'vitest', 'esbuild']) expect(names).not.toContain(tool);
});
