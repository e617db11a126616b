import { UsageError } from '../../lib/errors.ts';
import { transportOf } from '../../lib/io/listen/event-source.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';

/** What only the functions ask of a config. Throws naming the event source. */
export function checkForFunctions({ events }: CompiledConfig): void {
  for (const source of events) {
    if (transportOf(source) === 'unsigned')
      throw new UsageError(`events.${source.name} has no secret: a public address needs one`);
  }
}
