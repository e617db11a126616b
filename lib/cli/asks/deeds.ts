import type { Store } from '../../io/stores/store.ts';
import { storeDeed } from '../../jobs/records/deed-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { CliParts } from '../parts.ts';

/**
 * The same parts with the name under which what a person does is kept: the one given by --as; where the store is on AWS,
 * whom AWS takes the caller for, which nobody can make up; else user@host.
 */
export async function asPerson(parts: CliParts, { store }: Pick<CompiledConfig, 'store'>): Promise<CliParts> {
  if (parts.isNamed || store.kind !== 'dynamodb') return parts;
  const { callerArn } = await import('../../io/aws-caller.ts');
  return { ...parts, who: (await callerArn()) ?? parts.who };
}

export type Did = { readonly verb: string; readonly what: string; readonly reason?: string | undefined };

/** Keeps who did what: `lamplighter history --who`. */
export async function keepDeed(
  { clock, newId, who }: Pick<CliParts, 'clock' | 'newId' | 'who'>,
  store: Store,
  { keepMs }: Pick<CompiledConfig, 'keepMs'>,
  { verb, what, reason }: Did,
): Promise<void> {
  const at = clock.now();
  const deed = { schema: 1, at, who, verb, what, ...(reason === undefined ? {} : { reason }) } as const;
  await storeDeed(store, deed, newId(), keepMs);
}
