import type { OutboxView } from '../../decide/outbox/next-step.ts';
import type { Outcome } from '../../decide/outbox/outcome.ts';
import { SecretError } from '../../errors.ts';
import type { Clock } from '../../io/clock.ts';
import { type ReadCredentials, type ReadSecret, readCredentials } from '../../io/destinations/destinations.ts';
import type { Outgoing } from '../../io/destinations/transmit.ts';
import type { Sent } from '../../io/http/send-once.ts';
import type { NewId } from '../../io/ids.ts';
import type { Log } from '../../io/log.ts';
import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig, DestinationConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import type { StoredSender } from '../records/destination-records.ts';

/** Sends one HTTP request (or the destination's equivalent) once; never throws. */
export type Send = (message: Outgoing) => Promise<Sent>;

export type DeliverParts = {
  readonly config: CompiledConfig;
  readonly clock: Clock;
  readonly newId: NewId;
  /** sha256, hex. */
  readonly hash: (text: string) => string;
  readonly store: Store;
  readonly log: Log;
  readonly send: Send;
  readonly secret: ReadSecret;
  /** The redactor: removes secrets from texts. */
  readonly clean: (text: string) => string;
  /** Milliseconds left for this run; what does not fit is not started. Absent = only the job's own limit. */
  readonly timeLeftMs?: () => number;
};

export type DestinationReport = {
  readonly name: string;
  readonly id: string;
  /** Messages by how they ended in this run. */
  readonly accepted: number;
  readonly confirmed: number;
  readonly parked: number;
  readonly dropped: number;
  readonly failed: number;
  /** What still waits as far as this run knows. */
  readonly waiting: number;
  /** When to try again; undefined = nothing waits, or another sender is working on it. */
  readonly nextAt: EpochMs | undefined;
  /** Why messages were not sent; undefined = no problem. Contains no address. */
  readonly problem: string | undefined;
  /** The outcome of the last attempt of this run; undefined = none was made. */
  readonly answer?: Outcome | undefined;
};

export type DeliverReport = {
  readonly destinations: readonly DestinationReport[];
  /** What could not be stored or judged; the next run makes up for it. */
  readonly problems: readonly string[];
};

/** A destination for the deliver job: configured, at its old address, or no longer in the config. */
export type Target = {
  readonly id: string;
  /** undefined = only its waiting messages are known. */
  readonly destination: DestinationConfig | undefined;
  readonly name: string;
  readonly standing: OutboxView['standing'];
  readonly stored: StoredSender | undefined;
};

/** A destination's address and secrets, or why they could not be read. */
export type Credentials = ReadCredentials | { readonly problem: string };

export async function credentialsOf(
  { secret }: Pick<DeliverParts, 'secret'>,
  destination: DestinationConfig,
): Promise<Credentials> {
  try {
    return await readCredentials(destination, secret);
  } catch (error) {
    if (error instanceof SecretError) return { problem: error.message };
    throw error;
  }
}
