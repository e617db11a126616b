import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GivenParts, TextOutput } from '../../lib/cli/parts.ts';
import { runCli } from '../../lib/cli/run-cli.ts';
import type { Look } from '../../lib/cli/status/status-text.ts';
import { makePaint } from '../../lib/cli/text/paint.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { createWorld, type World } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { lookUpHere } from '../support/look-up-here.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { makeVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

export type CliWorld = Disposable & {
  readonly world: World;
  readonly clock: VirtualClock;
  readonly folder: string;
  readonly config: string;
  /** Runs one command line, with `--config` added. */
  readonly run: (...argv: readonly string[]) => Promise<Ran>;
  /** The same, without `--config`, and with other parts. */
  readonly runWith: (patch: Partial<GivenParts>, ...argv: readonly string[]) => Promise<Ran>;
  readonly json: (...argv: readonly string[]) => Promise<unknown>;
  readonly writeConfig: (text: string) => void;
};

export const usualConfig = `timezone: Europe/Berlin
regions:
  r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } }
schedules:
  office-hours:
    windows: [{ days: mon-fri, from: "07:00", to: "19:00" }]
    otherwise: idle
pools:
  - { match: "mgmt/*", schedule: none }
  - { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 0, limits: { min: 0 } }
  - { match: "ml/gpu", schedule: office-hours, base: { min: 0, max: 4 }, idle: 0, limits: { min: 0 }, leases: { max: 8, longest: 8h } }
safety: { brake: off }
`;

/** A folder with a config, a simulated fleet behind `fetch`, and a clock that stands at a Monday's 12:00 UTC. */
export function aCliWorld(start = '2026-11-23T12:00:00Z', text = usualConfig): CliWorld {
  const { path: folder, remove } = makeTemporaryFolder();
  const clock = makeVirtualClock(Date.parse(start));
  const world = createWorld({ clock });
  const config = join(folder, 'lamplighter.yml');
  const writeConfig = (written: string) => writeFileSync(config, written, { mode: 0o600 });
  writeConfig(text);
  const { fetch } = simulatorApp(world);
  let ids = 0;
  const runWith: CliWorld['runWith'] = async (patch, ...argv) => {
    const [out, err] = [makeOutput(), makeOutput()];
    const code = await runCli(argv, {
      env: { MKS_TOKEN: world.token },
      fetch,
      clock,
      newId: () => `id-${(ids += 1)}`,
      redactor: makeRedactor(),
      stdout: out.output,
      stderr: err.output,
      lookUp: lookUpHere,
      isInteractive: false,
      who: 'ada@lab',
      zone: 'Europe/Berlin',
      signal: new AbortController().signal,
      ...patch,
    });
    return { code, out: out.text(), err: err.text() };
  };
  const run: CliWorld['run'] = (...argv) => runWith({}, ...argv, '--config', config);
  return {
    world,
    clock,
    folder,
    config,
    run,
    runWith,
    writeConfig,
    json: async (...argv) => JSON.parse((await run(...argv, '--json')).out) as unknown,
    [Symbol.dispose]: remove,
  };
}

/** How `status` writes where there is no terminal. */
export const plainLook: Look = {
  paint: makePaint({ isTerminal: false }, {}),
  zone: 'UTC',
  clean: (text) => text,
  isPart: false,
};

export function makeOutput(
  isTerminal = false,
  columns = 80,
  rows = 24,
): { readonly output: TextOutput; readonly text: () => string } {
  const parts: string[] = [];
  const write = (text: string) => void parts.push(text);
  return { output: { write, writeLines: write, isTerminal, columns, rows }, text: () => parts.join('') };
}
