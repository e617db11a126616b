import { UsageError } from '../../lib/errors.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';

/** With a source's 32, "lamplighter-<stage>-<source>" has the 64 characters that a rule of EventBridge may have. */
const longestStage = 19;

/** What the stage adds to names must neither make them too long nor give one twice. Throws saying which. */
export function checkNames(stage: string, { events }: Pick<CompiledConfig, 'events'>): void {
  if (stage.length > longestStage)
    throw new UsageError(`the stage "${stage}" has ${stage.length} characters: use ${longestStage} at most`);
  const own = [`lamplighter-${stage}-failures`, `lamplighter-${stage}-lost-events`];
  const taken = events.find(({ queue }) => queue !== undefined && own.includes(queue));
  if (taken !== undefined)
    throw new UsageError(`events.${taken.name}: ${taken.queue} is the queue where failed runs end: name another queue`);
}
