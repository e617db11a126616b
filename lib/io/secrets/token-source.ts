import { SecretError } from '../../errors.ts';
import type { SecretRef } from '../../model/config.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import type { EpochMs } from '../../model/time.ts';
import { type CachedSecret, type CacheParts, makeCachedSecret } from './cached-secret.ts';
import { parseSecret } from './parse-secret.ts';
import { isSameSecret, type Secret, type SecretSource } from './secret.ts';

/** The token of one region. There is no way to call the API without asking here first. */
export type TokenSource = {
  /** "awsSecret lamplighter/r1". */
  readonly reference: string;
  /** Rejects with a SecretError when no token was ever had. */
  readonly current: () => Promise<Secret>;
  /** After a 401: looks again, and gives a token that is not among those refused; undefined = there is none left. */
  readonly after: (refused: readonly Secret[]) => Promise<Secret | undefined>;
  /** When the token ends, as far as the secret or the config tells. */
  readonly expires: () => EpochMs | undefined;
  /** Is the previous version of the secret in use, since the current one is refused? */
  readonly isPrevious: () => boolean;
};

/** All clusters of a region meet the same refused token: one look per this time is enough for all of them. */
const pauseBetweenLooksMs = 30_000;

type Chosen = { previous: Secret | undefined; lookedAt: EpochMs | undefined; looking: Promise<void> | undefined };

type Tokens = {
  readonly source: SecretSource;
  readonly reference: string;
  readonly parts: CacheParts;
  readonly cached: CachedSecret;
  readonly chosen: Chosen;
};

/**
 * A refused token is looked up once more, so that a rotation costs one call and no round. Half-way through a rotation
 * the new value may not work yet: then the one before it (AWSPREVIOUS) is tried, and kept until the next look.
 */
export function makeTokenSource(ref: SecretRef, source: SecretSource, parts: CacheParts): TokenSource {
  const reference = describeSecret(ref);
  const cached = makeCachedSecret(source, 'token', reference, parts);
  const chosen: Chosen = { previous: undefined, lookedAt: undefined, looking: undefined };
  const tokens: Tokens = { source, reference, parts, cached, chosen };
  return {
    reference,
    current: () => currentToken(tokens),
    after: (refused) => nextToken(tokens, refused),
    expires: () => cached.last()?.expires ?? ref.expires,
    isPrevious: () => chosen.previous !== undefined,
  };
}

async function currentToken({ cached, chosen }: Tokens): Promise<Secret> {
  const before = cached.last();
  const now = await cached.get();
  if (before !== now) chosen.previous = undefined;
  return chosen.previous ?? now.value;
}

async function nextToken(tokens: Tokens, refused: readonly Secret[]): Promise<Secret | undefined> {
  const { chosen, parts } = tokens;
  if (chosen.previous && !isNew(chosen.previous, refused)) chosen.previous = undefined;
  const known = pick(tokens, refused);
  if (known || hasJustLooked(chosen, parts.clock.now())) return known;
  chosen.looking ??= look(tokens, refused);
  await chosen.looking;
  return pick(tokens, refused);
}

function pick({ cached, chosen }: Tokens, refused: readonly Secret[]): Secret | undefined {
  return [chosen.previous, cached.last()?.value].find((each) => each && isNew(each, refused));
}

function hasJustLooked({ lookedAt }: Chosen, now: EpochMs): boolean {
  return lookedAt !== undefined && now >= lookedAt && now - lookedAt < pauseBetweenLooksMs;
}

async function look(tokens: Tokens, refused: readonly Secret[]): Promise<void> {
  const { chosen, cached, parts } = tokens;
  try {
    const found = await readAgain(cached);
    if (found && isNew(found, refused)) return;
    chosen.lookedAt = parts.clock.now();
    const older = await readPrevious(tokens);
    if (older && isNew(older, refused)) chosen.previous = older;
  } finally {
    chosen.looking = undefined;
  }
}

function isNew(token: Secret, refused: readonly Secret[]): boolean {
  return !refused.some((each) => isSameSecret(each, token));
}

async function readAgain(cached: CachedSecret): Promise<Secret | undefined> {
  try {
    return (await cached.readNow()).value;
  } catch (error) {
    if (error instanceof SecretError) return undefined;
    throw error;
  }
}

/** No previous value, or an unreadable one, only means that there is nothing more to try. */
async function readPrevious({ source, reference, parts }: Tokens): Promise<Secret | undefined> {
  try {
    const text = await source.read('previous');
    if (text === undefined) return undefined;
    const { value } = parseSecret(text, 'token', reference);
    parts.redactor.know(value);
    return value;
  } catch {
    return undefined;
  }
}
