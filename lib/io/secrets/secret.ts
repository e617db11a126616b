import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/** A value that shows itself to nobody: printing, inspecting or serialising it gives "[redacted]". */
export type Secret = {
  readonly toString: () => string;
  readonly toJSON: () => string;
  readonly [inspect.custom]: () => string;
};

const values = new WeakMap<Secret, string>();
const shown = '[redacted]';
const show = () => shown;

export function makeSecret(value: string): Secret {
  const secret: Secret = Object.freeze({ toString: show, toJSON: show, [inspect.custom]: show });
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
