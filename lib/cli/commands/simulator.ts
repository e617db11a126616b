import { type Command, InvalidArgumentError, Option } from 'commander';
import { CommandError, UsageError } from '../../errors.ts';
import type { FleetName } from '../../simulator/fleet.ts';
import type { RunningSimulator } from '../../simulator/serve-simulator.ts';
import { readTrouble, type Trouble, troubleForm, troubleKinds } from '../../simulator/trouble.ts';
import { examples } from '../options.ts';
import type { CliParts } from '../parts.ts';

type SimulatorOptions = {
  readonly port: number;
  readonly host: string;
  readonly fleet: FleetName;
  readonly speed: number;
  readonly token?: string;
  readonly trouble: readonly Trouble[];
};

export function addSimulator(program: Command, parts: CliParts): void {
  const command = program
    .command('simulator')
    .description('Serve a simulated MKS API with a fleet of clusters, to try things without an account.')
    .addOption(new Option('--port <number>', 'the port; 0 takes a free one').argParser(readPort).default(8090))
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .addOption(new Option('--fleet <size>', '6 clusters, or 1,000').choices(['small', 'large']).default('small'))
    .addOption(new Option('--speed <factor>', 'how many times faster everything is').argParser(readSpeed).default(1))
    .option('--token <text>', 'the token that clients must send (default: a fixed one)')
    .addOption(
      new Option('--trouble <what>', `play trouble, to see your alerts: ${troubleForm}; can be repeated`)
        .argParser(addTrouble)
        .default([], 'none'),
    )
    .addHelpText('after', `\nTrouble, played by --trouble or by POST /trouble (DELETE ends it):\n${troubleHelp()}`)
    .action((options: SimulatorOptions) => simulator(parts, options));
  examples(command, [
    ['lamplighter simulator --speed 60', 'a resize takes seconds instead of minutes'],
    ['lamplighter simulator --trouble cluster-error:prod-web@2m', 'this cluster goes to Error after two minutes'],
    ['curl -d pool-error:prod-web/workers http://127.0.0.1:8090/trouble', 'trouble while it runs'],
    ['lamplighter simulator --port 9000 --fleet large', '1,000 clusters'],
    [
      'lamplighter init --api http://127.0.0.1:8090 --token-env MKS_TOKEN',
      'in another terminal, with its token in MKS_TOKEN',
    ],
  ]);
}

/** Serves until the process is asked to stop. */
async function simulator(parts: CliParts, options: SimulatorOptions): Promise<void> {
  const { createWorld } = await import('../../simulator/create-world.ts');
  const { playTrouble } = await import('../../simulator/trouble.ts');
  const { simulatorBanner } = await import('../../simulator/serve-simulator.ts');
  const { fleet, speed, token } = options;
  const world = createWorld({ clock: parts.clock, fleet, speed, ...(token === undefined ? {} : { token }) });
  for (const one of options.trouble) {
    const problem = playTrouble(world, one);
    if (problem !== undefined) throw new UsageError(`--trouble ${one.text}: ${problem.problem}`);
  }
  const running = await serve(world, options);
  parts.writeMadeUp(`${simulatorBanner(world, running.url)}\n`);
  await untilAborted(parts.signal);
  await running.close();
}

async function serve(
  world: Parameters<typeof import('../../simulator/serve-simulator.ts')['serveSimulator']>[0],
  { host, port }: SimulatorOptions,
): Promise<RunningSimulator> {
  const { serveSimulator } = await import('../../simulator/serve-simulator.ts');
  try {
    return await serveSimulator(world, { host, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CommandError(
      `The simulator cannot listen on ${host}:${port} (${code}): choose another --port, or 0 for a free one`,
      { cause: error },
    );
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function addTrouble(text: string, before: readonly Trouble[]): readonly Trouble[] {
  const trouble = readTrouble(text);
  if ('problem' in trouble) throw new InvalidArgumentError(trouble.problem);
  return [...before, trouble];
}

function troubleHelp(): string {
  return Object.entries(troubleKinds)
    .map(([kind, what]) => `  ${kind.padEnd(14)} ${what}`)
    .join('\n');
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('not a port; write a number from 0 to 65535');
}

function readSpeed(text: string): number {
  const speed = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (speed > 0) return speed;
  throw new InvalidArgumentError('not a factor; write a number above 0, such as 60');
}
