import { loadConfig } from '../config/load-config.ts';
import { renderProblem } from '../config/problem.ts';
import type { CompiledConfig } from '../decide/compiled-config.ts';
import { UsageError } from '../errors.ts';
import type { CliParts } from './cli-parts.ts';

/** The config that a command works with. Throws UsageError with every mistake in it. */
export async function readConfig({ clock }: Pick<CliParts, 'clock'>, file: string): Promise<CompiledConfig> {
  const outcome = await loadConfig(file, { now: clock.now() });
  if (outcome.ok) return outcome.config;
  throw new UsageError(outcome.problems.map(renderProblem).join('\n'));
}
