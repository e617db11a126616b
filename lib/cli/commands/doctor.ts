import type { Command } from 'commander';
import type { DoctorOptions } from '../doctor/run-doctor.ts';
import { configOption, examples, jsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';

export function addDoctor(program: Command, parts: CliParts): void {
  const command = program
    .command('doctor')
    .description(
      'Look for what usually goes wrong: config, store, API, token, roles, clocks, secrets, destinations. Each with a way out.',
    )
    .option('--prove-write <cluster/pool>', 'also send this pool back exactly as it is, to prove that the token may')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: DoctorOptions) => start(parts, options));
  examples(command, [
    ['lamplighter doctor', 'changes nothing; exit code 1 when something failed'],
    ['lamplighter doctor --prove-write dev-api/workers', 'one PUT of a Running pool, nothing of it changed'],
  ]);
}

async function start(parts: CliParts, options: DoctorOptions): Promise<void> {
  const { doctor } = await import('../doctor/run-doctor.ts');
  return doctor(parts, options);
}
