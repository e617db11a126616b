import type { Command } from 'commander';
import type { CliParts } from './cli-parts.ts';
import { addApprove } from './commands/approve.ts';
import { addBase } from './commands/base.ts';
import { addCheck } from './commands/check.ts';
import { addDemo } from './commands/demo.ts';
import { addExplain } from './commands/explain.ts';
import { addHistory } from './commands/history.ts';
import { addIncidents } from './commands/incidents.ts';
import { addInit } from './commands/init.ts';
import { addOutbox } from './commands/outbox.ts';
import { addPause } from './commands/pause.ts';
import { addPlan } from './commands/plan.ts';
import { addResume } from './commands/resume.ts';
import { addRun } from './commands/run.ts';
import { addScale } from './commands/scale.ts';
import { addSend } from './commands/send.ts';
import { addSilence } from './commands/silence.ts';
import { addSimulator } from './commands/simulator.ts';
import { addStatus } from './commands/status.ts';
import { addDoctor } from './commands/doctor.ts';
import { addRehearse } from './commands/rehearse.ts';
import { addUninstall } from './commands/uninstall.ts';

/** One line per command, in the order in which help lists them. */
export function registerCommands(program: Command, parts: CliParts): void {
  addDemo(program, parts);
  addInit(program, parts);
  addCheck(program, parts);
  addExplain(program, parts);
  addPlan(program, parts);
  addRun(program, parts);
  addStatus(program, parts);
  addHistory(program, parts);
  addIncidents(program, parts);
  addOutbox(program, parts);
  addScale(program, parts);
  addBase(program, parts);
  addPause(program, parts);
  addResume(program, parts);
  addApprove(program, parts);
  addSilence(program, parts);
  addSend(program, parts);
  addSimulator(program, parts);
  addDoctor(program, parts);
  addRehearse(program, parts);
  addUninstall(program, parts);
}
