import type { Plantable } from '../planted/plant.ts';
import type { EventFault } from './simulate-events.ts';

export type PlantedEventBug = Plantable & {
  /** Where it shows, in a run of two days. */
  readonly seed: number;
  readonly faults: readonly EventFault[];
};

export const plantedEventBugs: readonly PlantedEventBug[] = [
  {
    name: 'acknowledged although the store failed',
    changes: [
      {
        file: 'lib/jobs/accept/store-asks.ts',
        find: "done(outcomes?.[at] ?? failed('the store could not be reached: send it again'))",
        replace: "done(outcomes?.[at] ?? { kind: 'stored' })",
      },
    ],
    seed: 1,
    faults: ['store'],
  },
  {
    name: 'a lease ends half an hour early',
    changes: [
      {
        file: 'lib/model/asks.ts',
        find: 'return now < ask.until;',
        replace: "return now < ask.until - (ask.kind === 'lease' ? 1_800_000 : 0);",
      },
    ],
    seed: 1,
    faults: [],
  },
  {
    name: 'the smallest of the leases counts',
    changes: [
      {
        file: 'lib/decide/scaling/wanted-size.ts',
        find: 'isLonger(lease, than) : lease.atLeast > than.atLeast;',
        replace: 'isLonger(lease, than) : lease.atLeast < than.atLeast;',
      },
    ],
    seed: 1,
    faults: [],
  },
  {
    name: 'an alert that fires again after its end stays down',
    changes: [
      {
        file: 'lib/decide/intake/merge-asks.ts',
        find: 'const isOvertaken = Math.abs(asked.askedAt - stored.askedAt) <= overtakenMs;',
        replace: 'const isOvertaken = true;',
      },
    ],
    seed: 2,
    faults: ['alerts'],
  },
];
