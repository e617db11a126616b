import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

type Step = { readonly run?: string; readonly uses?: string };
type Job = {
  readonly permissions?: { readonly [scope: string]: string };
  readonly steps: readonly Step[];
  readonly needs?: string;
};
type Workflow = { readonly permissions: object; readonly jobs: { readonly [name: string]: Job } };

const files = readdirSync('.github/workflows');
const textOf = (file: string) => readFileSync(`.github/workflows/${file}`, 'utf8');
const release = parse(textOf('release.yml')) as Workflow;

describe('every workflow', () => {
  test.each(files)('%s pins its actions by commit, and says which version that is', (file) => {
    const uses = textOf(file).match(/uses: .*/g) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test.each(files)('%s may read, and no script holds what others write', (file) => {
    const { permissions, jobs } = parse(textOf(file)) as Workflow;
    expect(permissions).toEqual({ contents: 'read' });
    for (const { steps } of Object.values(jobs)) for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  const hasLint = spawnSync('actionlint', ['-version']).status === 0;
  test.skipIf(!hasLint)(
    `passes actionlint${hasLint ? '' : ' (skipped: there is no actionlint on this machine)'}`,
    () => {
      const { status, stdout } = spawnSync('actionlint', ['-shellcheck='], { encoding: 'utf8' });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    },
  );
});

describe('a release', () => {
  test('may write where it must, in jobs of their own', () => {
    const granted = Object.entries(release.jobs).map(([name, { permissions = {} }]) => [
      name,
      Object.entries(permissions)
        .flatMap(([scope, may]) => (may === 'write' ? [scope] : []))
        .toSorted(),
    ]);
    expect(Object.fromEntries(granted)).toEqual({
      test: [],
      package: ['attestations', 'id-token'],
      image: ['packages'],
      index: ['attestations', 'id-token', 'packages'],
    });
  });

  test('publishes only what was tested on each Node', () => {
    expect(release.jobs['package']?.needs).toBe('test');
    expect(release.jobs['image']?.needs).toBe('test');
    const commands = release.jobs['test']?.steps.map(({ run }) => run);
    expect(commands).toEqual(expect.arrayContaining(['npm ci', 'npm test']));
  });

  test('runs only npm scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
    const all = files.flatMap((file) =>
      [...textOf(file).matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name),
    );
    expect(all.filter((name) => name === undefined || !(name in scripts))).toEqual([]);
  });
});
