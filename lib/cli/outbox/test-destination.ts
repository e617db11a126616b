import { sha256 } from '../../app.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { DrillReport } from '../../jobs/deliver/fire-drill.ts';
import type { SendOutcome } from '../../jobs/deliver/send-now.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { suggest } from '../../model/did-you-mean.ts';
import type { JsonOption } from '../options.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { writeJson } from '../text/table.ts';

/** A fire drill through the real path: what the destination answered to an alert and to its end. */
export async function testDestination(
  parts: CliParts,
  config: CompiledConfig,
  name: string,
  { json }: JsonOption,
): Promise<void> {
  const names = config.destinations.map((destination) => destination.name);
  if (!names.includes(name)) throw new UsageError(`There is no destination "${name}": ${suggest(name, names)}`);
  const { openApp } = await import('../run/process-parts.ts');
  const { runFireDrill } = await import('../../jobs/deliver/fire-drill.ts');
  const { listTargets } = await import('../../jobs/deliver/deliver-alerts.ts');
  const opened = await openApp({ ...parts, log: makeCliLog(parts, 'error') }, config);
  try {
    const [target] = (await listTargets({ store: opened.store, config, hash: sha256 })).filter(
      (one) => one.name === name,
    );
    if (target === undefined) throw new UsageError(`There is no destination "${name}"`);
    if (target.standing !== 'active')
      throw new CommandError(`The destination ${name} is retired: it only gets the ends of what it was sent`);
    tellDrill(parts, name, await runFireDrill(opened.app.deliverParts(config), target), json === true);
  } finally {
    await opened.store.close();
  }
}

function tellDrill(parts: CliParts, name: string, { open, resolve }: DrillReport, isJson: boolean): void {
  const isGood = isTaken(open) && resolve !== undefined && isTaken(resolve);
  if (isJson)
    writeJson(parts.stdout, {
      kind: 'test',
      destination: name,
      open: outcomeJson(open),
      resolve: outcomeJson(resolve),
    });
  else {
    const end = resolve === undefined ? 'not sent: the first message was not sent' : outcomeText(resolve);
    parts.stdout.write(`fire drill for ${name}\n  open     ${outcomeText(open)}\n  resolve  ${end}\n`);
  }
  if (!isGood) parts.exitWith(1);
}

export function isTaken({ state }: SendOutcome): boolean {
  return state === 'accepted' || state === 'confirmed';
}

export function outcomeText({ state, reason }: SendOutcome): string {
  const words = {
    accepted: 'accepted: the destination does not say whether people see it',
    confirmed: 'confirmed: the destination says that it arrived',
    parked: 'refused',
    dropped: 'not sent',
    waiting: 'waits, and will be sent again',
  } as const;
  return `${words[state]}${reason === undefined ? '' : ` (${reason})`}`;
}

export function outcomeJson(outcome: SendOutcome | undefined): object | null {
  return outcome === undefined ? null : { state: outcome.state, reason: outcome.reason ?? null };
}
