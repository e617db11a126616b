import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { loadOutbox } from '../../../lib/jobs/records/delivery-records.ts';
import { makeMortal } from '../../support/receivers/mortal.ts';
import { aDelivery, aDestination, makeOutboxWorld, overFacts } from '../../support/receivers/outbox-world.ts';
import type { ReceiverFault } from '../../support/receivers/receiver.ts';
import { makePagerduty, makeSlack, makeWebhook } from '../../support/receivers/targets.ts';
import { runs } from '../../support/runs.ts';

const minute = 60_000;
const names = ['slack', 'pager', 'hook'] as const;

const retryAfters = ['1', '0.5', '120.1', 'Mon, 23 Nov 2026 06:10:00 GMT', 'soon'];

const fault: fc.Arbitrary<ReceiverFault | undefined> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom<ReceiverFault>({ kind: 'hang-after' }, { kind: 'drop' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<ReceiverFault>(
      { kind: 'hang' },
      { kind: 'hang-after' },
      { kind: 'drop' },
      { kind: 'drop-before' },
      { kind: 'refuse' },
      { kind: 'lie', reply: { status: 502 } },
      { kind: 'answer', reply: { status: 503 } },
      { kind: 'answer', reply: { status: 404 } },
      ...retryAfters.map(
        (text) => ({ kind: 'answer', reply: { status: 429, headers: { 'retry-after': text } } }) as const,
      ),
    ),
  },
);

type Event =
  | { readonly kind: 'flip'; readonly incident: number }
  | { readonly kind: 'run' }
  | { readonly kind: 'crash'; readonly at: number }
  | { readonly kind: 'pass'; readonly minutes: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flip' as const), incident: fc.nat(7) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'run' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), at: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.constantFrom(1, 2, 20, 150) }) },
);

test('whatever happens, nothing owed is lost and nothing is out of order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), fc.array(fault, { minLength: 1, maxLength: 40 }), play),
    runs(20),
  );
});

async function play(events: readonly Event[], faults: readonly (ReceiverFault | undefined)[]): Promise<void> {
  const receivers = { slack: makeSlack(), pager: makePagerduty(), hook: makeWebhook() };
  const destinations = [
    aDestination({ name: 'slack', kind: 'slack' }),
    aDestination({ name: 'pager', kind: 'pagerduty' }),
    aDestination({ name: 'hook', kind: 'webhook' }),
  ];
  const world = makeOutboxWorld(destinations, receivers);
  for (const name of names) receivers[name].faults = (ordinal) => faults[(ordinal * 7 + name.length) % faults.length];
  const sequences = new Map<number, number>();
  for (const one of events) {
    if (one.kind === 'flip') await flip(one.incident);
    else if (one.kind === 'run') await deliverAlerts(world.parts);
    else if (one.kind === 'pass') world.clock.moveTo(world.clock.now() + one.minutes * minute);
    else {
      const mortal = makeMortal(world.store, world.fetch, { at: one.at, when: one.at % 2 === 0 ? 'before' : 'after' });
      const run = deliverAlerts(world.processWith({ store: mortal.store, fetch: mortal.fetch }));
      await Promise.race([run, mortal.died]);
    }
  }
  for (const name of names) receivers[name].faults = undefined;
  for (let tick = 0; tick < 20; tick += 1) {
    world.clock.moveTo(world.clock.now() + 150 * minute);
    await deliverAlerts(world.parts);
  }
  await check();

  /** An incident opens (odd sequence, a new episode) or resolves (even). */
  async function flip(incident: number): Promise<void> {
    const sequence = (sequences.get(incident) ?? 0) + 1;
    sequences.set(incident, sequence);
    const episode = Math.ceil(sequence / 2);
    for (const name of names) {
      const text = `cluster dev-${incident} episode ${episode} is in status Error`;
      const over = sequence % 2 === 0 ? { facts: overFacts({ text }) } : {};
      await world.put(aDelivery(world.idOf(name), incident, { sequence, episode, ...over }));
    }
  }

  async function check(): Promise<void> {
    for (const name of names) {
      const { deliveries, batch } = await loadOutbox(world.store, world.idOf(name));
      expect([name, deliveries.length, batch]).toEqual([name, 0, undefined]);
    }
    const open = [...receivers.pager.alerts.values()]
      .filter(({ status, summary }) => status === 'triggered' && summary.startsWith('cluster'))
      .map(({ key }) => key);
    const wanted = [...sequences]
      .filter(([, sequence]) => sequence % 2 === 1)
      .map(([incident, sequence]) => {
        return `${aDelivery('', incident).key}.${Math.ceil(sequence / 2)}`;
      });
    expect(open.sort()).toEqual(wanted.sort());
    expect([...receivers.pager.alerts.values()].every(({ opened }) => opened === 1)).toBe(true);
    checkOrder();
  }

  /** First sightings come in the order of the lane, and the same id always says the same. */
  function checkOrder(): void {
    const said = new Map<string, string>();
    const lanes = new Map<string, number>();
    for (const { id, body } of receivers.hook.events.filter((one) => !isAboutDestination(one.body))) {
      const text = JSON.stringify(body);
      expect(said.get(id) ?? text).toBe(text);
      if (said.has(id)) continue;
      said.set(id, text);
      const [incident, sequence] = laneOf(id);
      expect(sequence).toBeGreaterThan(lanes.get(incident) ?? 0);
      lanes.set(incident, sequence);
    }
    for (const [incident, sequence] of sequences) expect(lanes.get(String(incident))).toBe(sequence);
  }

  function laneOf(id: string): [string, number] {
    for (const [incident, last] of sequences) {
      for (let sequence = 1; sequence <= last; sequence += 1) {
        const episode = Math.ceil(sequence / 2);
        if (aDelivery(world.idOf('hook'), incident, { sequence, episode }).id === id)
          return [String(incident), sequence];
      }
    }
    throw new Error(`an id that was never enqueued: ${id}`);
  }
}

/** A destination that takes nothing for long enough is told of elsewhere. */
function isAboutDestination({ data }: { readonly [key: string]: unknown }): boolean {
  return (data as { kind: string }).kind === 'destination.broken';
}
