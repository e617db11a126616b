import type { DeliveryFacts } from '../../decide/incidents/delivery.ts';

/** What a fire drill says, and that it is one. */
export function drillFacts(destination: string, what: 'open' | 'resolve', since: number, now: number): DeliveryFacts {
  const isOver = what === 'resolve';
  return {
    what,
    kind: 'fire.drill',
    subject: { kind: 'destination', destination },
    severity: 'info',
    text: `this is a fire drill: a message for ${destination} comes through`,
    fix: 'nothing is wrong; this shows that alerts arrive',
    did: undefined,
    since,
    until: isOver ? now : undefined,
    cause: isOver ? 'the drill is over' : undefined,
    worst: 'info',
    facts: {},
    at: now,
  };
}
