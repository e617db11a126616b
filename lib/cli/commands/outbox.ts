import { Argument, type Command, Option } from 'commander';
import { sha256 } from '../../app.ts';
import type { Delivery } from '../../decide/incidents/delivery.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import { listTargets } from '../../jobs/deliver/deliver-alerts.ts';
import type { Target } from '../../jobs/deliver/deliver-round.ts';
import type { ByHand } from '../../jobs/deliver/outbox-by-hand.ts';
import { listHistory, listParked, loadOutbox, outboxId } from '../../jobs/records/delivery-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { withConfig } from '../../model/text.ts';
import { dayMs } from '../../model/time.ts';
import { asPerson, keepDeed } from '../asks/deeds.ts';
import { lookIntoStore, readConfig, withStore } from '../config-and-store.ts';
import { type AskOptions, addAskOptions, examples, type JsonOption, readDuration } from '../options.ts';
import { destinationJson, destinationText, endedJson, historyText } from '../outbox/outbox-output.ts';
import { makeDestinationNames, viewOutbox } from '../outbox/outbox-view.ts';
import { retryMessage } from '../outbox/retry-message.ts';
import { testDestination } from '../outbox/test-destination.ts';
import type { CliParts } from '../parts.ts';
import { inReadingZone } from '../text/instant.ts';
import { shortId, standsFor } from '../text/labels.ts';
import { makePaint } from '../text/paint.ts';
import { writeJson } from '../text/table.ts';

type OutboxOptions = AskOptions & { readonly history?: number | true };
type OutboxVerb = 'retry' | 'drop' | 'test';

export function addOutbox(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('outbox')
      .description('Show messages that wait or were refused, and the state of each destination. Retry, drop or test.')
      .addArgument(
        new Argument('[verb]', 'send a message again, drop it, or test a destination').choices([
          'retry',
          'drop',
          'test',
        ]),
      )
      .argument('[what]', 'for retry and drop: a message’s id; for test: a destination')
      .addOption(
        new Option(
          '--history [duration]',
          'the delivery log: how each delivery ended (default: the last 24h)',
        ).argParser(readDuration),
      ),
  ).action((verb: OutboxVerb | undefined, what: string | undefined, options: OutboxOptions) =>
    outbox(parts, verb, what, options),
  );
  examples(command, [
    ['lamplighter outbox', 'messages that wait or were refused'],
    ['lamplighter outbox test ops', 'send a test alert and its end'],
    ['lamplighter outbox retry 3f9ac1d2', 'send this message again, now'],
    ['lamplighter outbox drop 3f9ac1d2 --reason "told by phone"', 'never send it'],
    ['lamplighter outbox --history 7d', 'the delivery log of this week'],
  ]);
}

async function outbox(
  machine: CliParts,
  verb: OutboxVerb | undefined,
  what: string | undefined,
  options: OutboxOptions,
): Promise<void> {
  const config = await readConfig(machine, options.config);
  const isDeed = verb !== undefined;
  const parts = inReadingZone(config, isDeed ? await asPerson(machine, config) : machine);
  if (options.reason !== undefined && verb !== 'drop') throw new UsageError('--reason is for: outbox drop');
  if (options.history !== undefined && verb !== undefined) throw new UsageError(`--history is not for ${verb}`);
  if (verb === undefined)
    return options.history === undefined ? show(parts, config, options) : tellHistory(parts, config, options);
  if (what === undefined)
    throw new UsageError(`Name what to ${verb}: ${verb === 'test' ? 'a destination' : 'a message’s id'}`);
  const did = (verbs: string, about: string) =>
    withStore(parts, config, (store) =>
      keepDeed(parts, store, config, { verb: `outbox ${verbs}`, what: about, reason: options.reason }),
    );
  if (verb === 'test') {
    await testDestination(parts, config, what, options);
    return did('test', what);
  }
  await withStore(parts, config, async (store) => {
    const found = await findDelivery(store, config, what);
    const about = `${shortId(found.delivery.id)} for ${found.target.name}`;
    if (verb === 'retry') {
      await retryMessage(parts, config, found, options);
      return did('retry', about);
    }
    const { dropDelivery } = await import('../../jobs/deliver/outbox-by-hand.ts');
    const id = outboxId(found.delivery);
    const own = { store, config, clock: parts.clock };
    const who = options.reason === undefined ? parts.who : `${parts.who}: ${options.reason}`;
    tellDropped(parts, found, await dropDelivery(own, found.target, id, who), options);
    return did('drop', about);
  });
}

async function show(parts: CliParts, config: CompiledConfig, { json }: JsonOption): Promise<void> {
  const now = parts.clock.now();
  const views = await lookIntoStore(parts, config, (store) => viewOutbox(store, config, now));
  if (json) return writeJson(parts.stdout, (views ?? []).map(destinationJson));
  const reading = { regions: config.regions, now, zone: parts.zone, paint: makePaint(parts.stdout, parts.env) };
  const lines = (views ?? []).flatMap((view) => destinationText(view, reading));
  const nothing =
    config.destinations.length === 0
      ? 'the config has no destinations, so nobody is told of problems; add them under destinations:'
      : 'no message was sent yet';
  parts.stdout.write(`${lines.length === 0 ? nothing : lines.join('\n')}\n`);
}

async function tellHistory(parts: CliParts, config: CompiledConfig, { json, history }: OutboxOptions): Promise<void> {
  const since = parts.clock.now() - (typeof history === 'number' ? history : dayMs);
  const records = (await lookIntoStore(parts, config, (store) => listHistory(store, since))) ?? [];
  const nameOf = makeDestinationNames(config);
  if (json)
    return writeJson(
      parts.stdout,
      records.map((record) => endedJson(record, nameOf)),
    );
  const lines = historyText(records, nameOf, {
    regions: config.regions,
    zone: parts.zone,
    clean: parts.redactor.clean,
  });
  parts.stdout.write(`${lines.length === 0 ? 'no message was sent in this time' : lines.join('\n')}\n`);
}

function tellDropped(
  { stdout }: CliParts,
  { target, delivery }: FoundDelivery,
  outcome: ByHand,
  { json }: JsonOption,
): void {
  const id = shortId(delivery.id);
  if (outcome.kind === 'refused') throw new CommandError(`The message ${id} for ${target.name}: ${outcome.reason}`);
  if (json) return writeJson(stdout, { kind: 'drop', id, destination: target.name });
  stdout.write(`the message ${id} for ${target.name} is dropped\n`);
}

type FoundDelivery = { readonly target: Target; readonly delivery: Delivery };

/** The delivery that waits or is parked under the beginning of this id. Throws CommandError or UsageError. */
async function findDelivery(store: Store, config: CompiledConfig, text: string): Promise<FoundDelivery> {
  const found: FoundDelivery[] = [];
  for (const target of await listTargets({ store, config, hash: sha256 })) {
    const { deliveries } = await loadOutbox(store, target.id);
    const parked = await listParked(store, target.id);
    const all = [...deliveries.map((one) => one.delivery), ...parked.map((one) => one.parked.delivery)];
    found.push(...all.filter(({ id }) => standsFor(text, id)).map((delivery) => ({ target, delivery })));
  }
  const [first, ...others] = found;
  if (first === undefined) {
    throw new CommandError(
      withConfig(config, `No message with the id "${text}" waits on its own or is parked; see: lamplighter outbox`),
    );
  }
  if (others.length > 0) {
    throw new UsageError(
      `"${text}" stands for several messages, write more of the id: ${found.map(({ delivery }) => shortId(delivery.id)).join(', ')}`,
    );
  }
  return first;
}
