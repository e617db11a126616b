import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

/**
 * The Dockerfile's steps without Docker, each in the order in which they stand, below a folder in place of /: COPY copies, RUN
 * runs. Only what asks a registry is stood in for: `npm ci` links the modules of this checkout, and `npm prune` is left out.
 */
const instructions = readFileSync('Dockerfile', 'utf8')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line));
const root = mkdtempSync(join(tmpdir(), 'lamplighter-image-'));
const env: Record<string, string> = {};
let stage = '';
const stages = new Map<string, string>();

function at(path: string, where = stage): string {
  return join(where, path.startsWith('/') ? path : join('/app', path));
}

function replay(line: string): void {
  const [, word = '', rest = ''] = /^([A-Z]+) (.*)$/s.exec(line) ?? [];
  if (word === 'FROM') {
    const name = / AS (\w+)$/.exec(rest)?.[1] ?? 'last';
    stage = join(root, name);
    for (const folder of ['app', 'usr/local/bin']) mkdirSync(join(stage, folder), { recursive: true });
    stages.set(name, stage);
  } else if (word === 'COPY') copy(rest);
  else if (word === 'RUN') run(rest);
  else if (word === 'ENV') {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(rest) ?? [];
    env[name] = value;
  }
}

function copy(rest: string): void {
  const from = /^--from=(\w+) /.exec(rest)?.[1];
  const words = rest.replace(/^--from=\w+ /, '').split(' ');
  const to = words.pop() ?? '';
  for (const source of words) {
    const path = from === undefined ? source : at(source, stages.get(from));
    const target = to.endsWith('/') ? join(at(to), source.split('/').at(-1) ?? '') : at(to);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target, { recursive: true, verbatimSymlinks: true });
  }
}

function run(rest: string): void {
  for (const command of rest.split(' && ')) {
    if (command.startsWith('npm prune')) continue;
    if (command === 'npm ci') symlinkSync(join(process.cwd(), 'node_modules'), at('node_modules'));
    else if (/^chown|^mkdir \/data/.test(command)) mkdirSync(at('/data'), { recursive: true });
    else
      execFileSync('sh', ['-c', command.replaceAll(/(?<=\s)\/(?=\w)/g, `${stage}/`)], {
        cwd: at('/app'),
        stdio: 'pipe',
      });
  }
}

describe('the image', () => {
  beforeAll(() => {
    for (const line of instructions) replay(line);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('has lamplighter on its PATH', async () => {
    const path = `${at('/usr/local/bin')}:${dirname(process.execPath)}`;
    const { stdout } = await promisify(execFile)('lamplighter', ['version', '--json'], { env: { PATH: path } });
    expect(JSON.parse(stdout)).toMatchObject({ version: packageJson.version });
  });

  test('runs its command with the config where the environment says', async () => {
    expect(env).toMatchObject({ NODE_ENV: 'production', LAMPLIGHTER_CONFIG: '/config/lamplighter.yml' });
    const config = join(root, 'lamplighter.yml');
    writeFileSync(config, 'regoins: {}\n', { mode: 0o600 });
    const [, entry = '[]'] =
      /^ENTRYPOINT (.*)$/.exec(instructions.find((line) => line.startsWith('ENTRYPOINT')) ?? '') ?? [];
    const [, script = ''] = JSON.parse(entry) as string[];
    const asked = promisify(execFile)(process.execPath, [at(script), 'check'], { env: { LAMPLIGHTER_CONFIG: config } });
    await expect(asked).rejects.toMatchObject({ code: 2, stdout: expect.stringContaining('did you mean "regions"?') });
  });

  test('holds what runs and nothing else of the project', () => {
    expect(existsSync(at('/app/lib'))).toBe(false);
    expect(existsSync(at('/app/dist/cli/page.css'))).toBe(true);
    expect(statSync(at('/app/dist/cli/lamplighter.js')).mode & 0o111).not.toBe(0);
  });

  test('asks itself whether it is alive, and runs as nobody special', () => {
    const text = instructions.join('\n');
    expect(text).toMatch(/HEALTHCHECK [^]*\/healthz/);
    expect(text.indexOf('USER 1000:1000')).toBeGreaterThan(text.lastIndexOf('\nRUN '));
  });
});
