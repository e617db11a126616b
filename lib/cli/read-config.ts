import { loadConfig } from '../config/load-config.ts';
import { renderProblem } from '../config/problem.ts';
import type { CompiledConfig } from '../decide/compiled-config.ts';
import { UsageError } from '../errors.ts';
import type { CliParts } from './cli-parts.ts';
import { isThere } from './is-there.ts';

/** What can be done while a config is wrong: a mistake in it must not keep a person from pausing the fleet. */
const meanwhile =
  'A process that runs already goes on with the config it read last. Until this one is mended the command takes an older copy: --config <file>, in the same folder, since store.path and other paths start from there.';

/** The config that a command works with. Throws UsageError with every mistake in it. */
export async function readConfig({ clock }: Pick<CliParts, 'clock'>, file: string): Promise<CompiledConfig> {
  const outcome = await loadConfig(file, { now: clock.now() });
  if (outcome.ok) return outcome.config;
  const problems = outcome.problems.map(renderProblem);
  throw new UsageError([...problems, ...((await isThere(file)) ? [meanwhile] : [])].join('\n'));
}
