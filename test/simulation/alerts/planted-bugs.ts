import type { Plantable } from '../planted/plant.ts';
import type { AlertFault } from './alert-scenario.ts';

export type PlantedAlertBug = Plantable & {
  /** Where it shows. */
  readonly seed: number;
  readonly hours?: number;
  readonly faults: readonly AlertFault[];
  /** It shows where the fleet is cut into so many parts. */
  readonly parts?: number;
};

export const plantedAlertBugs: readonly PlantedAlertBug[] = [
  {
    name: 'a doubtful open counts as never told',
    changes: [
      {
        file: 'lib/decide/outbox/retry.ts',
        find: 'attempts: item.attempts + 1, lastAttemptAt: now, maybeAccepted: true, body };',
        replace: 'attempts: item.attempts + 1, lastAttemptAt: now, body };',
      },
    ],
    seed: 9,
    faults: ['webhooks'],
  },
  {
    name: 'an unknown outcome ends the delivery',
    changes: [
      {
        file: 'lib/decide/outbox/retry.ts',
        find: 'return orTooOld(doubted(before, waited(before, marked, now), about), outcome);',
        replace: "return { kind: 'end', state: 'dropped' };",
      },
    ],
    seed: 7,
    faults: ['webhooks'],
  },
  {
    name: '404 ends the delivery',
    changes: [
      {
        file: 'lib/decide/outbox/retry.ts',
        find: "    case 'body-refused':\n      return refused(before, marked, outcome.problem);",
        replace:
          "    case 'body-refused':\n      return refused(before, marked, outcome.problem);\n    case 'address-failed':\n      return { kind: 'end', state: 'dropped' };",
      },
    ],
    seed: 7,
    faults: ['webhooks'],
  },
  {
    name: 'a Retry-After of a day is obeyed',
    changes: [
      {
        file: 'lib/decide/outbox/retry.ts',
        find: 'nextAt: now + obeyedMs(outcome.retryAfterMs) };',
        replace: 'nextAt: now + outcome.retryAfterMs };',
      },
      // What is stored is held to what may be: that alone would do.
      { file: 'lib/decide/stored-time.ts', find: 'nextAt: 3 * hourMs', replace: 'nextAt: 3e9 * hourMs' },
    ],
    seed: 2,
    faults: ['webhooks'],
  },
  {
    name: 'the newest message of a lane goes first',
    changes: [
      {
        file: 'lib/decide/outbox/settle-lane.ts',
        find: 'lane.sort((a, b) => a.episode - b.episode || a.sequence - b.sequence)',
        replace: 'lane.sort((a, b) => b.sequence - a.sequence)',
      },
    ],
    seed: 7,
    faults: ['webhooks', 'flap'],
  },
  {
    name: 'a silence keeps back the end of what was told before it',
    changes: [
      {
        file: 'lib/decide/incidents/who-is-told.ts',
        find: 'function sayOver(record: IncidentRecord, { destinations }: Telling): Saying {',
        replace:
          'function sayOver(record: IncidentRecord, { destinations, silenced }: Telling): Saying {\n  if (silenced !== undefined) return { record, said: [] };',
      },
    ],
    seed: 6,
    faults: ['silence'],
  },
  {
    name: 'unknown counts as ok',
    changes: [
      {
        file: 'lib/decide/incidents/step-incidents.ts',
        find: 'function casesOf({ records, observations, hash }: IncidentsInput)',
        replace: 'function casesOf({ records, observations, hash, now }: IncidentsInput)',
      },
      {
        file: 'lib/decide/incidents/step-incidents.ts',
        find: "if (!seen.has(key)) seen.set(key, { kind, subject, state: 'unknown' });",
        replace: "if (!seen.has(key)) seen.set(key, { kind, subject, state: 'ok' as const, at: now });",
      },
    ],
    seed: 3,
    faults: ['api'],
  },
  {
    name: 'one look is enough to be gone',
    changes: [
      {
        file: 'lib/decide/watching/observe-region.ts',
        find: 'if (seen.missingSince === undefined) return { ...seen, missingSince: now };',
        replace: 'if (seen.missingSince === undefined) return seen;',
      },
    ],
    seed: 3,
    faults: ['gone'],
  },
  {
    name: 'everything is told one by one',
    changes: [
      {
        file: 'lib/decide/outbox/next-step.ts',
        find: 'if (!isStorm) return sendOldest(view, alike);',
        replace: 'return sendOldest(view, alike);',
      },
    ],
    seed: 1,
    faults: ['storm'],
  },
  {
    name: 'a destination with a new address is told nothing of what is open',
    changes: [
      {
        file: 'lib/decide/incidents/who-is-told.ts',
        find: 'if (told === undefined) return firstWord(record, destination, telling, said);',
        replace:
          'if (told === undefined && (record.openedAt ?? 0) < telling.now) return undefined;\n  if (told === undefined) return firstWord(record, destination, telling, said);',
      },
    ],
    seed: 2,
    faults: ['config'],
  },
  {
    name: 'what was told at the old address is forgotten',
    changes: [
      {
        file: 'lib/jobs/records/commit-incidents.ts',
        find: 'const replaced = old.filter(({ known }) => names.has(known.destination.name));',
        replace: 'const replaced = old.filter(() => false);',
      },
    ],
    seed: 2,
    faults: ['config'],
  },
  {
    name: 'the address of a destination stands in the log',
    changes: [
      {
        file: 'lib/jobs/deliver/attempt.ts',
        find: "parts.log.info('message delivered', fields)",
        replace: "parts.log.info('message delivered', { ...fields, body: item.body ?? '', token: 'canary-' })",
      },
    ],
    seed: 1,
    faults: [],
  },
  {
    name: 'a lock of a dead sender never ends',
    changes: [
      {
        file: 'lib/decide/outbox/sender.ts',
        find: 'lease.owner !== owner && now < lease.until',
        replace: 'lease.owner !== owner',
      },
    ],
    seed: 15,
    faults: ['crash', 'webhooks'],
  },
  {
    name: 'what is over before it is known to be told is not told at all',
    changes: [
      {
        file: 'lib/decide/outbox/settle-lane.ts',
        find: 'if (isMaybeTold || resolve.untold) return { ended, changed: [], waiting: [resolve] };',
        replace:
          "if (isMaybeTold) return { ended: [...ended, { delivery: resolve, reason: 'over' }], changed: [], waiting: [] };",
      },
    ],
    seed: 9,
    faults: ['webhooks'],
  },
  {
    name: 'a batch keeps the first five',
    changes: [
      {
        file: 'lib/jobs/deliver/deliver-to.ts',
        find: 'members: [...before.members, ...members.map(toMember)]',
        replace: 'members: [...before.members, ...members.slice(0, 5).map(toMember)]',
      },
    ],
    seed: 1,
    faults: ['storm'],
  },
  {
    name: 'the long wait of a doubtful message is its chat’s',
    changes: [
      {
        file: 'lib/decide/outbox/retry.ts',
        find: 'const backOff = backOffMs(before.step, chance);',
        replace:
          "const backOff = outcome.kind === 'unknown' && before.step >= 5 ? 7_200_000 : backOffMs(before.step, chance);",
      },
    ],
    seed: 47,
    faults: ['webhooks'],
  },
  {
    name: 'a chat in doubt waits three hours at once',
    changes: [
      {
        file: 'lib/decide/outbox/retry.ts',
        find: 'return isChat(kind) ? { ...marked, doubt: afterDoubt(before.doubt, address, chance, now) } : marked;',
        replace:
          'return isChat(kind) ? { ...marked, doubt: { count: 9, until: now + 178 * minuteMs, address } } : marked;',
      },
    ],
    seed: 250,
    faults: ['webhooks'],
  },
  {
    name: 'the newest round of any part stands for all',
    changes: [
      {
        file: 'lib/decide/outbox/heartbeat.ts',
        find: 'const at = Math.min(...ats);',
        replace: 'const at = newest.at;',
      },
    ],
    seed: 1,
    faults: [],
    parts: 3,
  },
  {
    name: 'a part that was never heard of is not expected',
    changes: [
      {
        file: 'lib/decide/outbox/heartbeat.ts',
        find: '?? cutAt);',
        replace: '?? newest.at);',
      },
    ],
    seed: 3,
    faults: [],
    parts: 3,
  },
];
