import { SecretError } from '../../errors.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Redactor } from '../redact.ts';
import { type ParsedSecret, parseSecret, type SecretPurpose } from './parse-secret.ts';
import { makeSecret, type SecretSource, unwrap } from './secret.ts';

/** The longest delay until a rotated value is used; after a refusal it is read again at once. */
const timeToLiveMs = 5 * minuteMs;

/** A failing source is not read again by every call of a round. */
const pauseAfterFailureMs = 15_000;

export type CacheParts = { readonly clock: Clock; readonly redactor: Redactor; readonly log: Log };

export type CachedSecret = {
  /** The value, read again after five minutes; the last good one while its source fails. */
  readonly get: () => Promise<ParsedSecret>;
  /** Reads now, whatever the age. Concurrent calls share one read. */
  readonly readNow: () => Promise<ParsedSecret>;
  readonly last: () => ParsedSecret | undefined;
};

type State = {
  good: ParsedSecret | undefined;
  readAt: EpochMs;
  failure: SecretError | undefined;
  failedAt: EpochMs;
  reading: Promise<ParsedSecret> | undefined;
};

export function makeCachedSecret(
  source: SecretSource,
  purpose: SecretPurpose,
  reference: string,
  parts: CacheParts,
): CachedSecret {
  const state: State = { good: undefined, readAt: 0, failure: undefined, failedAt: 0, reading: undefined };
  const readNow = () => (state.reading ??= readOnce(source, purpose, reference, parts, state));
  return {
    get: async () => {
      const now = parts.clock.now();
      if (state.good && isWithin(now, state.readAt, timeToLiveMs)) return state.good;
      if (state.failure && isWithin(now, state.failedAt, pauseAfterFailureMs)) return lastGood(state, state.failure);
      return readNow();
    },
    readNow,
    last: () => state.good,
  };
}

/** If the clock was set back, the value counts as old. */
function isWithin(now: EpochMs, since: EpochMs, ms: number): boolean {
  return now >= since && now - since < ms;
}

async function readOnce(
  source: SecretSource,
  purpose: SecretPurpose,
  reference: string,
  parts: CacheParts,
  state: State,
): Promise<ParsedSecret> {
  try {
    state.good = await readParsed(source, purpose, reference, parts.redactor);
    state.readAt = parts.clock.now();
    state.failure = undefined;
    return state.good;
  } catch (error) {
    state.failure = toSecretError(error, reference);
    state.failedAt = parts.clock.now();
    if (state.good) parts.log.warn('a secret could not be read again; its last good value is used', why(state.failure));
    return lastGood(state, state.failure);
  } finally {
    state.reading = undefined;
  }
}

async function readParsed(
  source: SecretSource,
  purpose: SecretPurpose,
  reference: string,
  redactor: Redactor,
): Promise<ParsedSecret> {
  const text = await source.read('current');
  if (text === undefined) throw new SecretError(`${reference} has no value`, reference);
  const parsed = parseSecret(text, purpose, reference);
  redactor.know(parsed.value);
  // For "Bearer …", the second word alone is a secret too.
  if (purpose === 'header') for (const word of unwrap(parsed.value).split(' ')) redactor.know(makeSecret(word));
  return parsed;
}

function lastGood(state: State, failure: SecretError): ParsedSecret {
  if (state.good) return state.good;
  throw failure;
}

function toSecretError(error: unknown, reference: string): SecretError {
  return error instanceof SecretError ? error : new SecretError(`${reference} could not be read`, reference);
}

function why(failure: SecretError): { readonly secret: string; readonly reason: string } {
  return { secret: failure.reference, reason: failure.message };
}
