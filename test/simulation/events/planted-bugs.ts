import type { EventFault } from './simulate-events.ts';

/** As for alerts: one sentence of the production source, and what somebody might have written in its place. */
export type PlantedEventBug = {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** Where it shows, in a run of two days. */
  readonly seed: number;
  readonly faults: readonly EventFault[];
};

export const plantedEventBugs: readonly PlantedEventBug[] = [
  {
    name: 'acknowledged although the store failed',
    file: 'lib/jobs/intake/shelf-writer.ts',
    find: "done(outcomes?.[at] ?? failed('the store could not be reached: send it again'))",
    put: "done(outcomes?.[at] ?? { kind: 'stored' })",
    seed: 1,
    faults: ['store'],
  },
  {
    name: 'a lease ends half an hour early',
    file: 'lib/decide/asks.ts',
    find: 'return now < ask.until;',
    put: "return now < ask.until - (ask.kind === 'lease' ? 1_800_000 : 0);",
    seed: 1,
    faults: [],
  },
  {
    name: 'the smallest of the leases counts',
    file: 'lib/decide/scaling/wanted.ts',
    find: 'isLonger(lease, than) : lease.atLeast > than.atLeast;',
    put: 'isLonger(lease, than) : lease.atLeast < than.atLeast;',
    seed: 1,
    faults: [],
  },
];
