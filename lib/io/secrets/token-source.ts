import { SecretError } from '../../errors.ts';
import type { SecretRef } from '../../model/config.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import type { EpochMs } from '../../model/time.ts';
import { type CachedSecret, type CacheParts, makeCachedSecret } from './cached-secret.ts';
import { parseSecret } from './parse-secret.ts';
import { isSameSecret, type Secret, type SecretSource } from './secret.ts';

/** The token of one region. Every API call gets its token here. */
export type TokenSource = {
  /** "awsSecret lamplighter/r1". */
  readonly reference: string;
  /** Rejects with a SecretError if no token was ever read. */
  readonly current: () => Promise<Secret>;
  /** After a 401: reads again, and returns a token that was not refused; undefined = there is none. */
  readonly after: (refused: readonly Secret[]) => Promise<Secret | undefined>;
  /** When the token expires, as given by the secret or the config. */
  readonly expires: () => EpochMs | undefined;
  /** Is the previous version of the secret in use, since the current one is refused? */
  readonly isPrevious: () => boolean;
};

/** All clusters of a region get the same refusal: one read in this time is enough for all of them. */
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
 * A refused token is read again once, so that a rotation costs one call and no round. Half-way through a rotation the
 * new value may not work yet: then the previous one (AWSPREVIOUS) is tried, and used until the next read.
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

/** A missing or unreadable previous value only means that nothing else can be tried. */
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
