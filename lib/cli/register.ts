import type { Command } from 'commander';
import type { CliParts } from './cli-parts.ts';
import { addCheck } from './commands/check.ts';
import { addExplain } from './commands/explain.ts';
import { addPlan } from './commands/plan.ts';
import { addRun } from './commands/run.ts';
import { addSimulator } from './commands/simulator.ts';

/** One line per command, in the order in which help lists them. */
export function registerCommands(program: Command, parts: CliParts): void {
  addCheck(program, parts);
  addPlan(program, parts);
  addRun(program, parts);
  addExplain(program, parts);
  addSimulator(program, parts);
}
