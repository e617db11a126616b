import { timingSafeEqual } from 'node:crypto';

/** `util.inspect.custom`, without loading all of `node:util` at each cold start. */
const inspected: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** A value that shows itself to nobody: printing, inspecting or serialising it gives "[redacted]". */
export type Secret = {
  readonly toString: () => string;
  readonly toJSON: () => string;
  readonly [inspected]: () => string;
};

const values = new WeakMap<Secret, string>();
const shown = '[redacted]';
const show = () => shown;

export function makeSecret(value: string): Secret {
  const secret: Secret = Object.freeze({ toString: show, toJSON: show, [inspected]: show });
  values.set(secret, value);
  return secret;
}

/** The value itself. Only what hands it to HTTP, or signs with it, calls this. */
export function unwrap(secret: Secret): string {
  const value = values.get(secret);
  if (value === undefined) throw new TypeError('this secret was not made by makeSecret');
  return value;
}

export function isSameSecret(one: Secret, other: Secret): boolean {
  const [left, right] = [Buffer.from(unwrap(one)), Buffer.from(unwrap(other))];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** AWS Secrets Manager keeps the value before the last rotation as well; the other places know one value. */
export type Stage = 'current' | 'previous';

/** One place where a secret is kept. Every read looks anew, in bounded time, and rejects with a SecretError only. */
export type SecretSource = {
  /** The text as it is kept; undefined = this place has no such stage. */
  readonly read: (stage: Stage) => Promise<string | undefined>;
};
