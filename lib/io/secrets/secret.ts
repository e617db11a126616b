import { timingSafeEqual } from 'node:crypto';

/** `util.inspect.custom`, without loading all of `node:util` at each cold start. */
const inspected: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** A hidden value: printing, inspecting or serialising it gives "[redacted]". */
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

/** The value itself. Only for sending it over HTTP, or signing with it. */
export function unwrap(secret: Secret): string {
  const value = values.get(secret);
  if (value === undefined) throw new TypeError('this secret was not made by makeSecret');
  return value;
}

export function isSameSecret(one: Secret, other: Secret): boolean {
  const [left, right] = [Buffer.from(unwrap(one)), Buffer.from(unwrap(other))];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** AWS Secrets Manager also keeps the value before the last rotation; other sources have only one. */
export type Stage = 'current' | 'previous';

/** One source of a secret. Every read is fresh, takes limited time, and rejects only with a SecretError. */
export type SecretSource = {
  /** The stored text; undefined = there is no such stage. */
  readonly read: (stage: Stage) => Promise<string | undefined>;
};
