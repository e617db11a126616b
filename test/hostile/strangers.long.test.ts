import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../lib/io/clock.ts';
import { createWorld } from '../../lib/simulator/create-world.ts';
import { serveSimulator } from '../../lib/simulator/serve-simulator.ts';
import { makeFolder, type Running, runCommand, start, startCli, until } from '../journeys/journey.ts';
import { isLinux, unlessLinux } from '../support/platform.ts';

/** People without a signature against a process of its own, over loopback. */

const token = 't'.repeat(64);
const main = join(import.meta.dirname, '../../lib/cli/main.ts');
const mostMegabytes = 300;
/** On a machine with other work to do. */
const mostMs = 10_000;

function configText(url: string): string {
  return `
timezone: UTC
every: 1m
regions: { r1: { api: "${url}", token: { env: MKS_TOKEN } } }
schedules: { all: { windows: [], otherwise: base } }
defaults: { region: r1 }
pools: [{ match: "*/*", schedule: all, base: remembered, idle: 1 }]
safety: { brake: off }
events: { ci: { kind: json, secret: { env: CI_KEY }, may: ["*/*"] } }
store: { kind: sqlite, path: ./state.db }
`;
}

const env = { MKS_TOKEN: token, CI_KEY: 'whsec_bGFtcGxpZ2h0ZXItZXhhbXBsZS1vZi1uby11c2UtMDA=' };

async function portOf(running: Running): Promise<number> {
  return until('its address', () => Number(/127\.0\.0\.1:(\d+)/u.exec(running.output())?.[1] ?? 0) || undefined);
}

/** The most memory it ever had, in MB. */
function peakMegabytes({ child }: Running): number {
  return Number(/VmHWM:\s+(\d+)/u.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Files it has open now, connections among them. */
function openFiles({ child }: Running): number {
  return readdirSync(`/proc/${child.pid}/fd`).length;
}

type Flood = { readonly sockets: readonly Socket[]; readonly open: () => number; readonly end: () => void };

function flood(port: number, count: number, text: string, reads = true): Flood {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    if (reads) socket.resume();
    return socket.on('error', () => {});
  });
  return {
    sockets,
    open: () => sockets.filter(({ closed }) => !closed).length,
    end: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const body = 'x'.repeat(65_000);
const head = (path: string, more = '') =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 65536\r\n${more}\r\n${body}`;
const looksSigned = () =>
  `webhook-id: m1\r\nwebhook-timestamp: ${Math.floor(systemClock.now() / 1000)}\r\nwebhook-signature: v1,AAAA\r\n`;

/** On a connection of its own, as a stranger's is. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, timeout: 20_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

/**
 * As a probe of Kubernetes asks, which three failures in a row convince (failureThreshold). Whoever has connected and not
 * asked yet may be the one that is closed to make room for strangers.
 */
async function patientStatusOf(url: string, tries = 3): Promise<number | undefined> {
  try {
    return await statusOf(url);
  } catch (error) {
    if (tries === 1) throw error;
    return patientStatusOf(url, tries - 1);
  }
}

/** Asks /healthz for so long: the longest that an answer took, in ms, and the most files that were open. */
async function askHealth(
  running: Running,
  port: number,
  seconds: number,
): Promise<{ longestMs: number; files: number }> {
  let [longestMs, files] = [0, 0];
  const end = systemClock.now() + seconds * 1000;
  while (systemClock.now() < end) {
    const since = performance.now();
    expect(await patientStatusOf(`http://127.0.0.1:${port}/healthz`)).toBe(200);
    longestMs = Math.max(longestMs, performance.now() - since);
    files = Math.max(files, openFiles(running));
    await systemClock.sleep(50);
  }
  return { longestMs, files };
}

test.skipIf(!isLinux)(`6,000 stalled posts take neither its memory nor its health${unlessLinux}`, async () => {
  using folder = makeFolder();
  const world = createWorld({
    clock: systemClock,
    token,
    fleet: { clusters: [{ name: 'c', pools: [{ name: 'p', size: 2 }] }] },
  });
  const api = await serveSimulator(world, { host: '127.0.0.1', port: 0 });
  writeFileSync(join(folder.path, 'lamplighter.yml'), configText(api.url));
  const running = startCli(['run', '--listen', '127.0.0.1:0'], folder.path, env);
  try {
    const port = await portOf(running);
    await until('a first round', () => running.output().includes('round done'));
    const kinds: readonly (readonly [string, number, string, boolean])[] = [
      ['an unknown source', 6000, head('/events/nobody'), true],
      ['a false signature', 6000, head('/events/ci', looksSigned()), true],
      ['nothing said', 3000, '', true],
      ['answers not taken', 3000, 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(200), false],
      ['elsewhere', 3000, head('/'), true],
      ['the page not taken', 3000, 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n', false],
    ];
    for (const [what, count, text, reads] of kinds) {
      const attack = flood(port, count, text, reads);
      const { longestMs, files } = await askHealth(running, port, 4);
      expect(files, what).toBeLessThan(256 + 64);
      expect(longestMs, what).toBeLessThan(mostMs);
      attack.end();
    }
    expect(peakMegabytes(running)).toBeLessThan(mostMegabytes);
    await askHealth(running, port, 2);
    const half = flood(port, 50, head('/events/ci', looksSigned()).slice(0, 300));
    const since = systemClock.now();
    await until('the end of what is half sent', () => half.open() === 0);
    expect(systemClock.now() - since).toBeLessThan(mostMs + 1000);
  } finally {
    running.child.kill('SIGTERM');
    await running.ended;
    await api.close();
  }
});

test.skipIf(!isLinux)(
  `with few files left a round works, and the config is not called invalid${unlessLinux}`,
  async () => {
    using folder = makeFolder();
    const clusters = Array.from({ length: 20 }, (_, n) => ({ name: `c${n}`, pools: [{ name: 'p', size: 2 }] }));
    const world = createWorld({ clock: systemClock, token, fleet: { clusters } });
    const api = await serveSimulator(world, { host: '127.0.0.1', port: 0 });
    writeFileSync(join(folder.path, 'lamplighter.yml'), configText(api.url));
    const few = ['-c', `ulimit -n 64; exec "${process.execPath}" "${main}" run --listen 127.0.0.1:0`];
    const running = start(few, folder.path, env, '/bin/sh');
    let attack: Flood | undefined;
    try {
      const port = await portOf(running);
      await until('a first round', () => running.output().includes('round done'));
      attack = flood(port, 2000, head('/events/ci', looksSigned()));
      const again = setInterval(() => {
        attack?.end();
        attack = flood(port, 500, head('/events/ci', looksSigned()));
      }, 5000);
      const rounds = () => running.output().match(/round done/gu)?.length ?? 0;
      await until('a second round', () => rounds() >= 2, 90_000);
      clearInterval(again);
      attack.end();
      expect(running.output()).not.toMatch(/EMFILE|config\.invalid|cannot be read/u);
      const told = await runCommand(['incidents', '--json'], folder.path, env);
      expect(told.stdout).not.toContain('config.invalid');
    } finally {
      attack?.end();
      running.child.kill('SIGTERM');
      await running.ended;
      await api.close();
    }
  },
);
