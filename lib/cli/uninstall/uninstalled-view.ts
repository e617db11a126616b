import type { Uninstalled } from '../../jobs/records/cluster-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { commandHint } from '../../model/text.ts';
import { localInstant, rfc3339 } from '../text/instant.ts';

/** Said before anything else: whatever the config wants, nothing of it happens. */
export function uninstalledText(
  config: Pick<CompiledConfig, 'file'>,
  { at, who, reason }: Uninstalled,
  zone: string,
): string {
  const why = reason === undefined ? '' : ` (${printable(reason)})`;
  const undo = commandHint(config, 'uninstall --undo');
  return `this fleet was uninstalled by ${printable(who)} on ${localInstant(at, zone)}${why}: pools are only restored to their bases; to manage it again: ${undo}`;
}

/** `null` where the fleet is kept (docs/json.md). */
export function uninstalledJson(uninstalled: Uninstalled | undefined): object | null {
  if (uninstalled === undefined) return null;
  const { at, who, reason } = uninstalled;
  return { at: rfc3339(at), who, reason: reason ?? null };
}
