import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Output } from '../../lib/cli/parts.ts';
import { runCli } from '../../lib/cli/run-cli.ts';
import type { Clock } from '../../lib/io/clock.ts';
import type { Fetch } from '../../lib/io/http/exchange.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { openSqliteStore } from '../../lib/io/stores/sqlite.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { createWorld, type World, type WorldOptions } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { type IdleClock, makeIdleClock } from './idle-clock.ts';
import { lookUpHere } from './look-up-here.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export type CliResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The command line on a simulated fleet, in one process, on a clock that moves on when everybody waits. */
export type CliNight = Disposable & {
  readonly world: World;
  readonly clock: IdleClock;
  readonly folder: string;
  readonly configFile: string;
  /** Everything that was printed, of all commands. */
  readonly printed: () => string;
  readonly run: (...argv: string[]) => Promise<CliResult>;
  /** The same, begun and not waited for. `stop` is Ctrl-C. */
  readonly begin: (...argv: string[]) => { readonly done: Promise<CliResult>; readonly stop: () => void };
  readonly withStore: <T>(work: (store: Store) => Promise<T>) => Promise<T>;
};

export type CliNightOptions = Partial<WorldOptions> & {
  readonly start: number;
  readonly config: string;
  readonly env?: { readonly [name: string]: string };
  readonly fetch?: Fetch;
  /** The command's own clock, for real sockets, whose time does not wait. */
  readonly cliClock?: Clock;
};

/** `{token}` in `config` is a region's token by environment; the store is a file beside the config. */
export async function aCliNight(options: CliNightOptions): Promise<CliNight> {
  const { start, config, env, cliClock, fetch: given, ...world } = options;
  const clock = makeIdleClock(start);
  const made = createWorld({ clock, ...world });
  const fetch = given ?? simulatorApp(made).fetch;
  const { path: folder, remove } = makeTemporaryFolder();
  const configFile = join(folder, 'lamplighter.yml');
  const brake = config.includes('safety:') ? '' : '\nsafety: { brake: off }';
  await writeFile(configFile, `${config}${brake}\nstore: { kind: sqlite, path: ./lamplighter.db }\n`);
  let ids = 0;
  const newId = () => `id-${(ids += 1)}`;
  const all: string[] = [];
  const begin = (...argv: string[]) => {
    const [stdout, stderr] = [collector(all), collector(all)];
    const stop = new AbortController();
    const parts = {
      env: { TOKEN: made.token, ...env },
      fetch,
      clock: cliClock ?? clock,
      newId,
      redactor: makeRedactor(),
      stdout: stdout.output,
      stderr: stderr.output,
      lookUp: lookUpHere,
      isInteractive: false,
      who: 'ana@desk',
      zone: 'Europe/Berlin',
      signal: stop.signal,
    };
    const done = runCli([...argv, '--config', configFile], parts).then((code) => ({
      code,
      stdout: stdout.text(),
      stderr: stderr.text(),
    }));
    return { done, stop: () => stop.abort() };
  };
  return {
    world: made,
    clock,
    folder,
    configFile,
    begin,
    [Symbol.dispose]: remove,
    printed: () => all.join(''),
    run: (...argv) => begin(...argv).done,
    withStore: async (work) => {
      const store = openSqliteStore({ path: join(folder, 'lamplighter.db'), newId });
      try {
        return await work(store);
      } finally {
        await store.close();
      }
    },
  };
}

function collector(all: string[]): { readonly output: Output; readonly text: () => string } {
  const own: string[] = [];
  const write = (text: string) => {
    own.push(text);
    all.push(text);
  };
  return { output: { write, isTerminal: false, columns: 80, rows: 24 }, text: () => own.join('') };
}
