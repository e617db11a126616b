import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { openSecrets } from '../../app.ts';
import { UsageError } from '../../errors.ts';
import { transportOf } from '../../io/listen/event-source.ts';
import { sendEvent } from '../../io/listen/send-event.ts';
import type { CompiledConfig, EventSourceConfig } from '../../model/config.ts';
import { suggest } from '../../model/did-you-mean.ts';
import { whyNotUtf8 } from '../../model/encoding.ts';
import { printable } from '../../model/printable.ts';
import { readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { writeJson } from '../text/table.ts';

type SendOptions = ConfigOption & JsonOption & { readonly source: string; readonly file: string; readonly to?: string };

export function addSend(program: Command, parts: CliParts): void {
  const command = program
    .command('send')
    .description('Sign an event as one of the sources in the config, and send it to a running Lamplighter.')
    .requiredOption('--source <name>', 'the source, by its name under events:')
    .requiredOption('--file <path>', 'the file with the event; events/ has a sample of each kind')
    .option('--to <address>', 'the address it listens on: http://127.0.0.1:9090 (default: listen of the config)')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: SendOptions) => send(parts, options));
  examples(command, [
    ['lamplighter send --source ci --file events/http-native.json', 'to the instance with this config'],
    ['lamplighter send --source prom --file events/alertmanager.json --to https://events.example.org', ''],
  ]);
}

/** The event goes as it stands in the file, byte for byte; what is answered is shown, and decides the exit code. */
async function send(parts: CliParts, { source: name, file, to, json, config: configFile }: SendOptions): Promise<void> {
  const config = await readConfig(parts, configFile);
  const source = sourceOf(config, name);
  const address = to ?? addressOf(config);
  const body = await readEvent(file);
  const [ref] = source.secrets;
  const secret =
    ref === undefined
      ? undefined
      : await openSecrets({ ...parts, log: makeCliLog(parts, 'error') }).read(ref, 'secret');
  const { status, isAccepted, answer } = await sendEvent(parts, { to: address, source, secret, body });
  if (json) writeJson(parts.stdout, { kind: 'send', source: name, status, accepted: isAccepted, answer });
  else
    parts.stdout.write(
      `${isAccepted ? 'accepted' : 'refused'} with status ${status}${answer === '' ? '' : `: ${printable(answer.trim())}`}\n`,
    );
  if (!isAccepted) parts.exitWith(1);
}

function sourceOf({ events }: CompiledConfig, name: string): EventSourceConfig {
  const source = events.find((one) => one.name === name);
  const names = events.map((one) => one.name);
  if (source === undefined) throw new UsageError(`There is no event source "${name}": ${suggest(name, names)}`);
  if (transportOf(source) === 'none') {
    const way = source.queue === undefined ? 'an event bus' : `the queue ${source.queue}`;
    throw new UsageError(`events.${name} comes through ${way}, not over HTTP: send it there`);
  }
  return source;
}

function addressOf({ listen }: CompiledConfig): string {
  if (listen === undefined) throw new UsageError('The config has no listen: give --to http://127.0.0.1:9090');
  const { host, port } = listen;
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host;
  return `http://${reached.includes(':') && !reached.startsWith('[') ? `[${reached}]` : reached}:${port}`;
}

async function readEvent(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    const wrong = whyNotUtf8(bytes);
    if (wrong !== undefined) throw new UsageError(`${file} is ${wrong.is}: save it as UTF-8`);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new UsageError(`Reading ${file} failed: ${code}; name a file that holds one event`);
  }
}
