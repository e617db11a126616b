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
    name: 'a doubtful open counts as never told',
    file: 'lib/decide/outbox/after-attempt.ts',
    find: 'return { ...item, attempts: item.attempts + 1, lastAttemptAt: now, maybeAccepted: true, body };',
    put: 'return { ...item, attempts: item.attempts + 1, lastAttemptAt: now, body };',
    seed: 3,
    faults: ['webhooks'],
  },
  {
    name: 'an unknown outcome ends the delivery',
    file: 'lib/decide/outbox/after-attempt.ts',
    find: 'return orTooOld(waited(before, marked, now), outcome);',
    put: "return { kind: 'end', state: 'dropped' };",
    seed: 7,
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
    seed: 2,
    faults: ['webhooks'],
  },
  {
    name: 'the newest message of a lane goes first',
    file: 'lib/decide/outbox/settle-lane.ts',
    find: 'lane.sort((a, b) => a.episode - b.episode || a.sequence - b.sequence)',
    put: 'lane.sort((a, b) => b.sequence - a.sequence)',
    seed: 2,
    faults: ['webhooks', 'flap'],
  },
  {
    name: 'a silence keeps back the end of what was told before it',
    file: 'lib/decide/incidents/tell.ts',
    find: 'function sayOver(record: IncidentRecord, { destinations }: Telling): Saying {',
    put: 'function sayOver(record: IncidentRecord, { destinations, silenced }: Telling): Saying {\n  if (silenced !== undefined) return { record, said: [] };',
    seed: 6,
    faults: ['silence'],
  },
  {
    name: 'unknown counts as ok',
    file: 'lib/decide/incidents/step-incidents.ts',
    find: "const observation = seen.get(key) ?? (before && { kind: before.kind, subject: before.subject, state: 'unknown' });",
    put: "const observation = seen.get(key) ?? (before && { kind: before.kind, subject: before.subject, state: 'ok' as const, at: 4_102_444_800_000 });",
    seed: 1,
    faults: ['api'],
  },
  {
    name: 'one look is enough to be gone',
    file: 'lib/decide/watching/gone.ts',
    find: 'if (seen.missingSince === undefined) return { ...seen, missingSince: now };',
    put: 'if (seen.missingSince === undefined) return seen;',
    seed: 3,
    faults: ['gone'],
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
    seed: 2,
    faults: ['config'],
  },
  {
    name: 'what was told at the old address is forgotten',
    file: 'lib/jobs/watch/destination-states.ts',
    find: 'const replaced = old.filter(({ known }) => names.has(known.destination.name));',
    put: 'const replaced = old.filter(() => false);',
    seed: 2,
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
  {
    name: 'a lease of a dead sender never ends',
    file: 'lib/decide/outbox/lease.ts',
    find: 'lease.owner !== owner && now < lease.until',
    put: 'lease.owner !== owner',
    seed: 3,
    faults: ['crash', 'webhooks'],
  },
  {
    name: 'what is over before it is known to be told is not told at all',
    file: 'lib/decide/outbox/settle-lane.ts',
    find: 'if (isMaybeTold || resolve.untold) return { ended, changed: [], waiting: [resolve] };',
    put: "if (isMaybeTold) return { ended: [...ended, { delivery: resolve, reason: 'over' }], changed: [], waiting: [] };",
    seed: 3,
    faults: ['webhooks'],
  },
  {
    name: 'a batch keeps the first five',
    file: 'lib/jobs/deliver/deliver-to.ts',
    find: 'members: [...before.members, ...members.map(toMember)]',
    put: 'members: [...before.members, ...members.slice(0, 5).map(toMember)]',
    seed: 1,
    faults: ['storm'],
  },
  {
    name: 'a chat in doubt is never tried again',
    file: 'lib/decide/outbox/after-attempt.ts',
    find: 'const backOff = backOffMs(before.step, chance, isInDoubt);',
    put: 'const backOff = isInDoubt ? 86_400_000 : backOffMs(before.step, chance, isInDoubt);',
    seed: 4,
    faults: ['webhooks'],
  },
];
