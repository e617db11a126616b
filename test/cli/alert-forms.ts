import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { everyDestination } from '../support/alert-night.ts';
import { anAlertCli, listed } from './alert-cli.ts';
import type { CliWorld } from './cli-world.ts';

type Note = (name: string, world: Pick<CliWorld, 'json'>, ...argv: readonly string[]) => Promise<void>;

/** An evening of alerts in which every form about them is printed, with every key it can have. */
export async function noteAlertForms(note: Note): Promise<void> {
  const silences = 'silences: [{ match: "dev-9", days: sat-sun }]\n';
  const events = 'events: { ci: { kind: json, may: ["ml/gpu"], secret: { env: SIGNING } } }\n';
  using cli = await anAlertCli(`${everyDestination}${silences}${events}`);
  const { receivers, world } = cli.night;
  await cli.rounds(1);
  receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 400, body: 'invalid_payload' } });
  receivers.teams.faults = () => ({ kind: 'answer', reply: { status: 503 } });
  world.setClusterError('dev-1', 'no quota');
  await cli.rounds(2);
  const [incident] = await listed(cli);
  await note('incidents', cli, 'incidents');
  await note('incidents --why', cli, 'incidents', '--why', incident?.id ?? '');
  await note('silence', cli, 'silence', incident?.id ?? '', '--reason', 'ticket 4711');
  await note('silence', cli, 'silence', 'dev-*', '--for', '2h');
  await note('silence --list', cli, 'silence', '--list');
  await note('silence --end', cli, 'silence', 'dev-*', '--end');
  await note('outbox', cli, 'outbox');
  await note('outbox --history', cli, 'outbox', '--history', '2h');
  const shown = (await cli.json('outbox')) as readonly { readonly parked: readonly { readonly id: string }[] }[];
  const id = shown.flatMap(({ parked }) => parked)[0]?.id ?? '';
  await note('outbox retry', cli, 'outbox', 'retry', id);
  await note('outbox drop', cli, 'outbox', 'drop', id);
  await note('outbox test', cli, 'outbox', 'test', 'hook');
  const file = join(cli.folder, 'event.json');
  writeFileSync(file, '{}');
  await note('send', cli, 'send', '--source', 'ci', '--file', file, '--to', 'https://hook.test');
}
