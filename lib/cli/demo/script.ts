import { compileMatch } from '../../config/compile-match.ts';
import { approveConfig } from '../../jobs/records/approvals.ts';
import { personLeaseId, putLease } from '../../jobs/records/ask-records.ts';
import { type EpochMs, hourMs, minuteMs } from '../../model/time.ts';
import type { Stage } from './stage.ts';

/** Something that happens beside the schedule: how long after the start, what is told, what it does. */
export type Scene = {
  readonly afterMs: number;
  readonly tells: string;
  readonly play: (stage: Stage, now: EpochMs) => Promise<void> | void;
};

/** An evening at 17:00, a night, and the morning after it. */
export const storyMs = 16 * hourMs;
export const tickMs = 5 * minuteMs;
/** 07:00, when office hours begin. */
export const morningMs = 14 * hourMs;

export const scenes: readonly Scene[] = [
  {
    afterMs: at(19, 5),
    tells: 'the brake holds the first scale-downs; ada reads the plan, and runs: lamplighter approve',
    play: letBrakeGo,
  },
  {
    afterMs: at(22, 10),
    tells: 'somebody who works late sets dev-api/workers to 2 by hand',
    play: ({ world }) => void world.personResizes('dev-api/workers', { size: 2 }),
  },
  {
    afterMs: at(23, 30),
    tells: 'an event asks for at least 3 nodes on ml/gpu for two hours',
    play: askForNodes,
  },
  {
    afterMs: at(26, 30),
    tells: 'the cluster prod-web reports an error',
    play: ({ world }) => world.setClusterError('prod-web', 'etcd leader lost'),
  },
  {
    afterMs: at(27, 30),
    tells: 'the error is gone',
    play: ({ world }) => world.clearClusterError('prod-web'),
  },
];

/** Hours of the story's first day; 26:30 is half past two in the night. */
function at(hours: number, minutes: number): number {
  return (hours - 17) * hourMs + minutes * minuteMs;
}

async function letBrakeGo({ store, config }: Stage, now: EpochMs): Promise<void> {
  await approveConfig(store, config, { who: 'ada', reason: undefined, until: now + 24 * hourMs }, now);
}

async function askForNodes({ store, config }: Stage, now: EpochMs): Promise<void> {
  const outcome = compileMatch('ml/gpu');
  const region = config.regions[0]?.name;
  if (!outcome.ok || region === undefined) return;
  const who = 'event:reprocessing';
  const { match } = outcome;
  const id = personLeaseId(who, match.text);
  const common = { schema: 1, id, region, who, reason: 'reprocessing', askedAt: now, time: now } as const;
  await putLease(store, { ...common, kind: 'lease', match, atLeast: 3, until: now + 2 * hourMs }, now);
}
