import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../lib/io/clock.ts';
import { createWorld } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { builtCli } from '../support/built-cli.ts';
import { compileCache } from '../support/compile-cache.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const page = readFileSync('docs/merge-requests.md', 'utf8');
const [gitlab, github] = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
const run = promisify(execFile);

type Step = { readonly run?: string; readonly uses?: string };
const gitlabSteps = (parse(gitlab ?? '') as { lamplighter: { script: readonly string[] } }).lamplighter.script;
const githubSteps = (parse(github ?? '') as { jobs: { review: { steps: readonly Step[] } } }).jobs.review.steps;

const config = (api: string, to: string) => `timezone: Europe/Berlin
regions: { r1: { api: "${api}", token: { env: MKS_TOKEN } } }
schedules: { office: { windows: [{ days: mon-fri, from: "07:00", to: "${to}" }], otherwise: idle } }
pools: [{ match: "dev-*/*", schedule: office, base: remembered, idle: 1 }]
`;

/** The API that the rehearsal asks, on a port of its own. */
async function serveFleet() {
  const world = createWorld({ clock: systemClock });
  const { fetch } = simulatorApp(world);
  const server = createServer((request, response) => {
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const asked = new Request(`http://127.0.0.1${request.url ?? ''}`, { method: request.method ?? 'GET', headers });
    void fetch(asked).then(async (answer) => {
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    token: world.token,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

/** A repository in which a merge request changes the config, and stand-ins for what the recipes call. */
async function aMergeRequest(url: string, to: string) {
  const { path: folder, remove } = makeTemporaryFolder();
  const [bin, repo] = ['bin', 'repo'].map((name) => join(folder, name)) as [string, string];
  mkdirSync(bin);
  mkdirSync(repo);
  const stand = (name: string, text: string) => {
    writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  stand('lamplighter', `exec "${process.execPath}" "${await builtCli()}" "$@"`);
  for (const name of ['curl', 'gh']) stand(name, `printf '%s\\n' "${name}" "$@" >> "${folder}/called"`);
  const file = (text: string) => writeFileSync(join(repo, 'lamplighter.yml'), text, { mode: 0o600 });
  const git = (...argv: string[]) =>
    run('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main', ...argv], { cwd: repo });
  await git('init', '-q');
  file(config(url, '19:00'));
  await git('add', '.');
  await git('commit', '-qm', 'before');
  const { stdout: base } = await git('rev-parse', 'HEAD');
  await git('checkout', '-qb', 'change');
  file(config(url, to));
  await git('commit', '-qam', 'after', '--allow-empty');
  await git('checkout', '-q', 'main');
  await git('merge', '-q', '--no-ff', 'change', '-m', 'merge');
  await git('remote', 'add', 'origin', repo);
  return { folder, bin, repo, base: base.trim(), [Symbol.dispose]: remove };
}

async function script(request: Awaited<ReturnType<typeof aMergeRequest>>, lines: readonly string[], env: object) {
  const own = lines.filter((line) => !line.startsWith('npm install'));
  const { bin, repo, folder } = request;
  const given = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder, ...compileCache, ...env };
  const { stdout } = await run('bash', ['-e', '-c', own.join('\n')], { cwd: repo, env: given });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return {
    stdout,
    called: () => read('called').split('\n'),
    comment: () => readFileSync(join(repo, 'rehearsal.md'), 'utf8'),
  };
}

describe('the recipes for merge requests', () => {
  test('GitLab: report, comment, and an end that is green', async () => {
    const fleet = await serveFleet();
    using request = await aMergeRequest(fleet.url, '18:00');
    const ci = { CI_API_V4_URL: 'https://gitlab.test/api/v4', CI_PROJECT_ID: '7', CI_MERGE_REQUEST_IID: '3' };
    const env = { ...ci, CI_MERGE_REQUEST_DIFF_BASE_SHA: request.base, MKS_TOKEN: fleet.token, COMMENT_TOKEN: 'c' };
    const { called, comment } = await script(request, gitlabSteps, env);
    fleet.close();
    expect(JSON.parse(readFileSync(join(request.repo, 'gl-code-quality-report.json'), 'utf8'))).toEqual([]);
    expect(comment()).toMatch(
      /^### Lamplighter: `\.\/lamplighter\.yml` against `\.\.\/before\/lamplighter\.yml`\n\n\*\*\d+ changes differ/,
    );
    expect(called()).toContain('https://gitlab.test/api/v4/projects/7/merge_requests/3/notes');
    expect(called()).toContain('body@rehearsal.md');
  });

  test('GitLab: nothing changes, nothing is said', async () => {
    const fleet = await serveFleet();
    using request = await aMergeRequest(fleet.url, '19:00');
    const env = { CI_MERGE_REQUEST_DIFF_BASE_SHA: request.base, MKS_TOKEN: fleet.token };
    const { called, comment } = await script(request, gitlabSteps, env);
    fleet.close();
    expect(comment()).toContain('Nothing changes in the coming 7 days');
    expect(called).toThrow('ENOENT');
  });

  test('GitHub: annotations, summary, comment', async () => {
    const fleet = await serveFleet();
    using request = await aMergeRequest(fleet.url, '18:00');
    const summary = join(request.folder, 'summary');
    const env = { MKS_TOKEN: fleet.token, GITHUB_STEP_SUMMARY: summary, PULL_REQUEST: '12' };
    const steps = githubSteps.flatMap(({ run: line }) => line ?? []);
    const { called, comment } = await script(request, steps, env);
    fleet.close();
    expect(readFileSync(summary, 'utf8')).toBe(comment());
    expect(called().slice(0, 4)).toEqual(['gh', 'pr', 'comment', '12']);
  });

  test('a mistake in the config ends them before anything is said', async () => {
    using request = await aMergeRequest('http://127.0.0.1:9', '25:00');
    const steps = githubSteps.flatMap(({ run: line }) => line ?? []);
    const failure = await script(request, steps, { MKS_TOKEN: 'x' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 2, stdout: expect.stringContaining('::error file=lamplighter.yml,line=3') });
  });

  test('install this version, and pin the actions as our own workflows do', () => {
    const own = readFileSync('.github/workflows/test.yml', 'utf8');
    for (const [line] of page.matchAll(/uses: actions\/.*/g)) expect(own).toContain(line);
    const versions = [...page.matchAll(/npm install --global lamplighter@(\S+)/g)].map(([, version]) => version);
    expect(versions).toEqual([packageJson.version, packageJson.version]);
  });
});
