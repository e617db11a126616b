import type { AlertFault } from './alert-scenario.ts';

/** One sentence of the production source, and what somebody might have written in its place. */
export type PlantedBug = {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** Where it shows. */
  readonly seed: number;
  readonly hours?: number;
  readonly faults: readonly AlertFault[];
};

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'an attempt is not marked before it is made',
    file: 'lib/jobs/deliver/attempt.ts',
    find: 'if (!(await commitChange(session, { sender, ...stored(marked) }))) return false;',
    put: 'session.sender = sender;',
    seed: 1,
    faults: ['crash', 'webhooks'],
  },
  {
    name: 'a sender that slept sends all the same',
    file: 'lib/decide/outbox/lease.ts',
    find: 'return lease !== undefined && lease.owner === owner && lease.until - now >= leastLeftMs;',
    put: 'return true;',
    seed: 1,
    faults: ['sleep', 'twins'],
  },
  {
    name: 'a refused open counts as told, a doubtful one does not',
    file: 'lib/decide/outbox/after-attempt.ts',
    find: 'return { ...item, attempts: item.attempts + 1, lastAttemptAt: now, maybeAccepted: true, body };',
    put: 'return { ...item, attempts: item.attempts + 1, lastAttemptAt: now, body };',
    seed: 1,
    faults: ['webhooks'],
  },
  {
    name: 'an unknown outcome ends the delivery',
    file: 'lib/decide/outbox/after-attempt.ts',
    find: 'return orTooOld(waited(before, marked, now), outcome);',
    put: "return { kind: 'end', state: 'dropped' };",
    seed: 1,
    faults: ['webhooks'],
  },
  {
    name: '404 ends the delivery',
    file: 'lib/decide/outbox/after-attempt.ts',
    find: "    case 'body-refused':\n      return refused(before, marked, outcome.problem);",
    put: "    case 'body-refused':\n      return refused(before, marked, outcome.problem);\n    case 'address-failed':\n      return { kind: 'end', state: 'dropped' };",
    seed: 1,
    faults: ['webhooks'],
  },
  {
    name: 'a Retry-After of a day is obeyed',
    file: 'lib/decide/outbox/after-attempt.ts',
    find: 'nextAt: now + obeyedMs(outcome.retryAfterMs) };',
    put: 'nextAt: now + outcome.retryAfterMs };',
    seed: 1,
    faults: ['webhooks'],
  },
  {
    name: 'the newest message of a lane goes first',
    file: 'lib/decide/outbox/settle-lane.ts',
    find: 'lane.sort((a, b) => a.episode - b.episode || a.sequence - b.sequence)',
    put: 'lane.sort((a, b) => b.sequence - a.sequence)',
    seed: 1,
    faults: ['webhooks', 'flap'],
  },
  {
    name: 'a silence keeps back the end of what was told before it',
    file: 'lib/decide/incidents/tell.ts',
    find: 'function sayOver(record: IncidentRecord, { destinations }: Telling): Saying {',
    put: 'function sayOver(record: IncidentRecord, { destinations, silenced }: Telling): Saying {\n  if (silenced !== undefined) return { record, said: [] };',
    seed: 1,
    faults: ['silence'],
  },
  {
    name: 'unknown counts as ok',
    file: 'lib/decide/incidents/step-incidents.ts',
    find: "const observation = seen.get(key) ?? (before && { kind: before.kind, subject: before.subject, state: 'unknown' });",
    put: "const observation = seen.get(key) ?? (before && { kind: before.kind, subject: before.subject, state: 'ok' as const, at: Date.now() * 0 + 4e12 });",
    seed: 1,
    faults: ['api'],
  },
  {
    name: 'one look is enough to be gone',
    file: 'lib/decide/watching/gone.ts',
    find: 'if (seen.missingSince === undefined) return { ...seen, missingSince: now };',
    put: 'if (seen.missingSince === undefined) return seen;',
    seed: 1,
    faults: ['gone'],
  },
  {
    name: 'an older answer is believed',
    file: 'lib/decide/watching/sight.ts',
    find: 'return now - seen.acceptedAt > staleMs;',
    put: 'return true;',
    seed: 1,
    faults: ['lies'],
  },
  {
    name: 'an incident is stored without its deliveries',
    file: 'lib/jobs/watch/commit-incidents.ts',
    find: 'return await commitWithout(store, writes);',
    put: 'const first = await commitWithout(store, writes.slice(0, 1));\n    return first ?? (writes.length > 1 ? await commitWithout(store, writes.slice(1)) : undefined);',
    seed: 1,
    faults: ['crash'],
  },
  {
    name: 'an open incident of a parent hides its pools for as long as it lives',
    file: 'lib/decide/incidents/inhibition.ts',
    find: "return observation.state === 'unknown' || now - lastBadOf(record, lastKnownAt) < afterBadMs;",
    put: 'return true;',
    seed: 1,
    faults: ['flap'],
  },
  {
    name: 'everything is told one by one',
    file: 'lib/decide/outbox/next-step.ts',
    find: 'if (!isStorm) return sendOldest(view, lanes);',
    put: 'return sendOldest(view, lanes);',
    seed: 1,
    faults: ['storm'],
  },
  {
    name: 'a destination with a new address is told nothing of what is open',
    file: 'lib/decide/incidents/what-to-say.ts',
    find: 'if (told === undefined) return firstWord(record, destination, telling, said);',
    put: 'if (told === undefined && (record.openedAt ?? 0) < telling.now) return undefined;\n  if (told === undefined) return firstWord(record, destination, telling, said);',
    seed: 1,
    faults: ['config'],
  },
  {
    name: 'what was told at the old address is forgotten',
    file: 'lib/jobs/watch/destination-states.ts',
    find: 'const replaced = old.filter(({ known }) => names.has(known.destination.name));',
    put: 'const replaced = old.filter(() => false);',
    seed: 1,
    faults: ['config'],
  },
  {
    name: 'the address of a destination stands in the log',
    file: 'lib/jobs/deliver/attempt.ts',
    find: "parts.log.info('message delivered', fields)",
    put: "parts.log.info('message delivered', { ...fields, body: item.body ?? '', token: 'canary-' })",
    seed: 1,
    faults: [],
  },
];
