import { deadLettersSuffix } from '../schema/aws-names.ts';
import { type Context, entriesOf } from './context.ts';

/**
 * A rule of EventBridge may have 64 characters, and its name is "lamplighter-<stage>-<source>":
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html. This leaves 19 for the stage.
 */
const longestOnBus = 32;

/** Sources give their names to what is made in AWS for them, and each has a queue of its own: so it is known who asks. */
export function checkSourceNames({ input, report }: Context): void {
  const queues = new Map<string, string>();
  for (const [name, { kind, queue }] of entriesOf(input.events)) {
    if (kind === 'eventbridge' && queue === undefined && name.length > longestOnBus)
      report.badName(
        ['events', name],
        `a name of ${name.length} characters is too long for a rule on the bus`,
        `use ${longestOnBus} at most`,
      );
    const other = queue === undefined ? undefined : queues.get(queue);
    if (queue !== undefined && other !== undefined)
      report.error(['events', name, 'queue'], `the queue "${queue}" is that of "${other}"`, 'name a queue of its own');
    if (queue !== undefined) queues.set(queue, name);
  }
  for (const [queue, name] of queues) {
    const of = queue.endsWith(deadLettersSuffix) ? queue.slice(0, -deadLettersSuffix.length) : undefined;
    if (of !== undefined && queues.has(of))
      report.error(
        ['events', name, 'queue'],
        `"${queue}" holds the dead letters of the queue "${of}"`,
        'give it another name',
      );
  }
}
