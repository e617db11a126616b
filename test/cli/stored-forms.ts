import { passing } from '../support/alert-night.ts';
import { aCliWorld, type CliWorld, usualConfig } from './cli-world.ts';

type Note = (name: string, world: Pick<CliWorld, 'json'>, ...argv: readonly string[]) => Promise<void>;

/** Looking ahead and saying goodbye: the forms of doctor, rehearse and uninstall, with every key they can have. */
export async function noteKeepingForms(note: Note): Promise<void> {
  const leave =
    '  - { match: "dev-api/build", schedule: office-hours, base: 2, idle: 0, limits: { min: 0 }, onRemove: leave }\n';
  const missing = leave.replace('build', 'gone').replace(', onRemove: leave', '');
  const config = usualConfig.replace('pools:\n', `pools:\n${leave}${missing}`);
  using world = aCliWorld('2026-11-23T17:00:00Z', config);
  const { clock } = world;
  const inTime: Pick<CliWorld, 'json'> = { json: (...argv) => passing(clock, world.json(...argv)) };
  await note('doctor', inTime, 'doctor');
  await note('rehearse', inTime, 'rehearse', '--days', '1', '--from', '2026-11-23T19:00:00Z');
  await note('rehearse', inTime, 'rehearse', '--days', '2');
  const told = config.replaceAll(
    'schedule: office-hours,',
    'schedule: office-hours, announce: { before: 30m, to: chat },',
  );
  world.writeConfig(`${told}destinations: { chat: { kind: slack, url: { env: CHAT } } }\n`);
  await note('rehearse', inTime, 'rehearse', '--days', '2');
  world.writeConfig(config);
  for (let i = 0; i < 12; i += 1) {
    await passing(clock, world.run('run', '--once'));
    await clock.advance(15 * 60_000);
  }
  const copy = `${world.folder}/copy.db`;
  await note('store backup', world, 'store', 'backup', copy);
  await note('store verify', world, 'store', 'verify');
  await note('store restore', world, 'store', 'restore', copy);
  const copied = world.runWith({}, 'store', 'copy', copy, `${copy}2`, '--json');
  await note('store copy', { json: async () => JSON.parse((await copied).out) as unknown }, 'store');
  await note('uninstall', inTime, 'uninstall', '--yes');
  await note('status', world, 'status');
  await note('explain', world, 'explain', 'dev-api/workers');
}
