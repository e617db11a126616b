import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../lib/cli/run-cli.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import {
  type AlertNight,
  anAlertNight,
  everyDestination,
  minuteMs,
  passing,
  regions,
  smallFleet,
} from '../support/alert-night.ts';
import { lookUpHere } from '../support/look-up-here.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { type CliWorld, makeOutput, type Ran } from './cli-world.ts';

/** The command line beside a simulated fleet of two clusters, with a receiver behind every destination. */
export type AlertCli = Pick<CliWorld, 'run' | 'json' | 'config' | 'folder' | 'writeConfig'> &
  Disposable & {
    readonly night: AlertNight;
    /** Whole rounds, every 5 minutes, each a process of its own. */
    readonly rounds: (count: number) => Promise<readonly Ran[]>;
    /** What the store's files hold, byte for byte. */
    readonly storedFiles: () => readonly (readonly [name: string, text: string])[];
  };

export async function anAlertCli(
  destinations: string = everyDestination,
  onTheWay?: Parameters<typeof anAlertNight>[2],
  clusters = 2,
): Promise<AlertCli> {
  const night = await anAlertNight(everyDestination, { fleet: smallFleet(clusters) }, onTheWay);
  const { path: folder, remove } = makeTemporaryFolder();
  const config = join(folder, 'lamplighter.yml');
  const writeConfig = (text: string) => writeFileSync(config, text, { mode: 0o600 });
  writeConfig(`${regions}${destinations}store: { kind: sqlite, path: ./lamplighter.db }\n`);
  let ids = 0;
  const run: CliWorld['run'] = async (...argv) => {
    const [out, err] = [makeOutput(), makeOutput()];
    const { clock, env, fetch } = night;
    const parts = {
      env,
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
    };
    const code = await passing(clock, runCli([...argv, '--config', config], parts));
    return { code, out: out.text(), err: err.text() };
  };
  return {
    night,
    folder,
    config,
    writeConfig,
    run,
    json: async (...argv) => JSON.parse((await run(...argv, '--json')).out) as unknown,
    rounds: async (count) => {
      const ran: Ran[] = [];
      for (let i = 0; i < count; i += 1) {
        const startedAt = night.clock.now();
        ran.push(await run('run', '--once', '--json'));
        await night.clock.advance(Math.max(0, startedAt + 5 * minuteMs - night.clock.now()));
      }
      return ran;
    },
    storedFiles: () => {
      const names = readdirSync(folder).filter((name) => name.startsWith('lamplighter.db'));
      return names.map((name) => [name, readFileSync(join(folder, name), 'latin1')]);
    },
    [Symbol.dispose]: remove,
  };
}

export type IncidentForm = {
  readonly id: string;
  readonly kind: string;
  readonly phase: string;
  readonly severity: string;
  readonly cluster: string | null;
  readonly told: readonly { readonly destination: string }[];
  readonly silenced: string | null;
};

export async function listed(cli: AlertCli, ...more: readonly string[]): Promise<readonly IncidentForm[]> {
  return (await cli.json('incidents', ...more)) as readonly IncidentForm[];
}
