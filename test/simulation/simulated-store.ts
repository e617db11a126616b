import { StoreError } from '../../lib/errors.ts';
import type { Clock } from '../../lib/io/clock.ts';
import { makeDynamoStore } from '../../lib/io/stores/dynamodb.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { type DynamoFault, makeFakeDynamo } from '../support/fake-dynamodb.ts';
import type { Chance } from './chance.ts';

/** What is true of the store, and how each process reaches it. */
export type SimulatedStore = {
  /** Without any fault: for people, and for looking. */
  readonly plain: Store;
  readonly forProcess: (clock: Clock) => Store;
  readonly snapshot: () => () => void;
  readonly wipe: () => void;
  readonly collect: (now: number) => Promise<void>;
  /** How often a call goes wrong now, from 0 to 1. */
  rate: number;
};

export type StoreParts = {
  readonly kind: 'memory' | 'dynamodb';
  readonly newId: () => string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly onFault: () => void;
};

export function makeSimulatedStore(parts: StoreParts): SimulatedStore {
  return parts.kind === 'memory' ? inMemory(parts) : onDynamo(parts);
}

function inMemory({ newId, chance, onFault }: StoreParts): SimulatedStore {
  const store = makeMemoryStore({ newId });
  const simulated: SimulatedStore = {
    plain: store,
    rate: 0,
    forProcess: (clock) => faulty(store, clock, () => (chance.is(simulated.rate) ? (onFault(), chance) : undefined)),
    snapshot: () => {
      const taken = store.snapshot();
      return () => store.restore(taken);
    },
    wipe: () => store.restore(),
    collect: async (now) => void (await store.collect(now)),
  };
  return simulated;
}

function faulty(store: Store, clock: Clock, draw: () => Chance | undefined): Store {
  const meet = async <T>(isWrite: boolean, work: () => Promise<T>): Promise<T> => {
    const chance = draw();
    if (chance === undefined) return work();
    const kind = chance.pick(isWrite ? (['refuse', 'lose', 'slow'] as const) : (['refuse', 'slow'] as const));
    if (kind === 'refuse') throw new StoreError('The store is down');
    if (kind === 'slow') await clock.sleep(chance.pick([700, 4_000, 70_000]));
    const answer = await work();
    if (kind === 'lose') throw new StoreError('The store did not answer; whether the write arrived stays unknown');
    return answer;
  };
  return {
    read: (key) => meet(false, () => store.read(key)),
    list: (partition, options) => meet(false, () => store.list(partition, options)),
    commit: (writes) => meet(true, () => store.commit(writes)),
    close: () => store.close(),
  };
}

/** The adapter for DynamoDB under its own faults: it must see through throttling, conflicts and lost answers by itself. */
function onDynamo({ newId, clock, chance, onFault }: StoreParts): SimulatedStore {
  const table = 'lamplighter';
  const fake = makeFakeDynamo({ table, remember: false });
  const kinds: readonly DynamoFault[] = ['throttle', 'conflict', 'lose-request', 'lose-answer', 'break', 'break-after'];
  const client = fake.withFaults(() => (chance.is(simulated.rate) ? (onFault(), chance.pick(kinds)) : undefined));
  const simulated: SimulatedStore = {
    plain: makeDynamoStore({ client: fake, table, newId, clock }),
    rate: 0,
    forProcess: (own) => makeDynamoStore({ client, table, newId, clock: own }),
    snapshot: () => {
      const taken = fake.snapshot();
      return () => fake.restore(taken);
    },
    wipe: () => fake.restore(),
    collect: async () => {},
  };
  return simulated;
}
