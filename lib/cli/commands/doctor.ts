import type { Command } from 'commander';
import type { DoctorOptions } from '../doctor/run-doctor.ts';
import { configOption, examples, jsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';

export function addDoctor(program: Command, parts: CliParts): void {
  const command = program
    .command('doctor')
    .description(
      'Check what usually goes wrong: config, store, API, token, roles, clocks, secrets and destinations. Says how to fix it.',
    )
    .option('--prove-write <cluster/pool>', 'also write this pool back unchanged, to test that the token may')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: DoctorOptions) => start(parts, options));
  examples(command, [
    ['lamplighter doctor', 'changes nothing; exits with 1 when a check failed'],
    ['lamplighter doctor --prove-write dev-api/workers', 'writes a Running pool back unchanged'],
  ]);
}

async function start(parts: CliParts, options: DoctorOptions): Promise<void> {
  const { doctor } = await import('../doctor/run-doctor.ts');
  return doctor(parts, options);
}
