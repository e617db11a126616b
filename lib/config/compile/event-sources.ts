import { patternProblem } from '../../decide/intake/event-pattern.ts';
import type { EventSourceConfig, Template } from '../../model/config.ts';
import { formatDuration } from '../duration.ts';
import type { Path } from '../problem.ts';
import { deadLettersSuffix } from '../schema/aws-names.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { type Context, entriesOf, toMs } from './context.ts';
import { compileSecrets } from './destinations.ts';
import { readTemplate } from './event-template.ts';
import { readMatch, readMatches } from './matches.ts';

type SourceInput = Salvaged<NonNullable<ConfigInput['events']>[string]>;

export function compileEventSources(context: Context): readonly EventSourceConfig[] {
  checkSourceNames(context);
  return entriesOf(context.input.events).flatMap(([name, input]) => {
    const path = ['events', name];
    checkWayIn(input, path, context);
    checkKeys(input, path, context);
    checkBounds(input, path, context);
    const { kind } = input;
    const source = {
      secrets: compileSecrets(input.secret, [...path, 'secret'], context),
      queue: input.queue,
      when: readWhen(input, path, context),
      pool: input.pool === undefined ? undefined : readPool(input.pool, input, [...path, 'pool'], context),
      atLeast: input.atLeast,
      forMs: input.for === undefined ? undefined : toMs(input.for, '0s'),
      may: readMatches(input.may ?? [], 'pools', 'default region', [...path, 'may'], context),
      most: input.most,
      longestMs: input.longest === undefined ? undefined : toMs(input.longest, '0s'),
    };
    return kind === undefined ? [] : [{ name, kind, ...source }];
  });
}

/** Every sender must be authenticated: by a secret, or by write access to a queue or a bus. */
function checkWayIn(input: SourceInput, path: Path, { report }: Context): void {
  const { kind } = input;
  if (kind === undefined || kind === 'eventbridge' || input.secret !== undefined || report.isTold([...path, 'secret']))
    return;
  if (kind === 'alertmanager') {
    report.missing(
      path,
      'secret',
      'alertmanager needs a secret: the bearer token it sends',
      'add secret: { env: NAME } or the like',
    );
  } else if (input.queue === undefined && !report.isTold([...path, 'queue'])) {
    report.missing(
      path,
      'secret',
      'anybody could send these events: there is no secret and no queue',
      'add secret: (signed over HTTP) or queue: (SQS)',
    );
  }
}

/** json and cloudevents contain the ask themselves; for alerts and bus events it is configured here. */
function checkKeys(input: SourceInput, path: Path, { report }: Context): void {
  const { kind } = input;
  if (kind === undefined) return;
  const saysItself = kind === 'json' || kind === 'cloudevents';
  for (const key of ['pool', 'atLeast', 'for'] as const) {
    if (!saysItself && input[key] === undefined) report.missing(path, key, `${kind} needs "${key}"`, `add ${key}:`);
    if (saysItself && input[key] !== undefined) {
      report.error(
        [...path, key],
        `${kind} events say ${key} themselves`,
        key === 'pool' ? 'remove it; "may" bounds it' : 'remove it; most and longest bound it',
      );
    }
  }
  if (saysItself && input.when !== undefined)
    report.error([...path, 'when'], `"when" is for alertmanager and eventbridge, not for ${kind}`, 'remove it');
  if (kind === 'alertmanager' && input.queue !== undefined) {
    report.error([...path, 'queue'], 'Alertmanager does not write to queues', 'remove it');
  }
}

function checkBounds(input: SourceInput, path: Path, { report }: Context): void {
  const { atLeast, most, longest } = input;
  if (atLeast !== undefined && most !== undefined && atLeast > most) {
    report.error([...path, 'atLeast'], `atLeast ${atLeast} is more than most ${most}`, 'lower it, or raise most');
  }
  if (input.may?.length === 0)
    report.error([...path, 'may'], 'the list of pools is empty, so every event would be refused', 'add a match');
  if (input.for === undefined || longest === undefined) return;
  const [forMs, longestMs] = [toMs(input.for, '0s'), toMs(longest, '0s')];
  if (forMs > longestMs) {
    report.error(
      [...path, 'for'],
      `for ${formatDuration(forMs)} is more than longest ${formatDuration(longestMs)}`,
      'shorten it, or raise longest',
    );
  }
}

/** Labels of alerts are text; a number or a list there would never be equal to one. Bus events have patterns. */
function readWhen({ kind, when }: SourceInput, path: Path, { report }: Context): EventSourceConfig['when'] {
  const place = [...path, 'when'];
  const problem = kind === 'eventbridge' && when !== undefined ? patternProblem(when) : undefined;
  if (problem !== undefined) report.error(place, problem, 'write { source: [aws.s3], detail-type: [Object Created] }');
  if (kind !== 'alertmanager') return when;
  for (const [label, value] of Object.entries(when ?? {})) {
    if (typeof value !== 'string') report.error([...place, label], 'a label of an alert is text', 'put it in quotes');
  }
  return when;
}

/** A template whose outside of the braces makes the name of one pool. */
function readPool(text: string, { kind }: SourceInput, path: Path, context: Context): Template | undefined {
  const template = readTemplate(text, kind, path, context.report);
  if (template === undefined) return undefined;
  const sample = template.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('');
  const match = readMatch(sample, 'pools', 'default region', path, context);
  if (match !== undefined && !match.exactPool)
    context.report.error(
      path,
      'an event raises one pool, and this is a pattern',
      'name the pool; {{label}} takes a label',
    );
  return match?.exactPool === true ? template : undefined;
}

/**
 * A rule of EventBridge may have 64 characters, and its name is "lamplighter-<stage>-<source>":
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html. This leaves 19 for the stage.
 */
const longestOnBus = 32;

/** Resources in AWS get the source's name, and each source has its own queue, so that the sender is known. */
function checkSourceNames({ input, report }: Context): void {
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
      report.error(['events', name, 'queue'], `the queue "${queue}" belongs to "${other}"`, 'give it its own queue');
    if (queue !== undefined) queues.set(queue, name);
  }
  for (const [queue, name] of queues) {
    const of = queue.endsWith(deadLettersSuffix) ? queue.slice(0, -deadLettersSuffix.length) : undefined;
    if (of !== undefined && queues.has(of))
      report.error(['events', name, 'queue'], `"${queue}" is the dead-letter queue of "${of}"`, 'give it another name');
  }
}
