import type { CompiledConfig } from '../../lib/decide/compiled-config.ts';
import { wayInOf } from '../../lib/io/listen/way-in.ts';

/** What only the functions ask of a config. Throws naming the event source. */
export function checkForFunctions({ events }: CompiledConfig): void {
  const queues = new Set<string>();
  for (const source of events) {
    const { name, queue } = source;
    if (wayInOf(source) === 'unsigned') throw new TypeError(`events.${name} has no secret: a public address needs one`);
    if (queue === undefined) continue;
    if (queues.has(queue)) {
      throw new TypeError(
        `events.${name} shares the queue ${queue}: each source has its own, so that it is known who asks`,
      );
    }
    queues.add(queue);
  }
}
