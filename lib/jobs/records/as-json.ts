import type { Json } from '../../decide/model.ts';

/**
 * A typed record as the store takes it. The store writes it as JSON, where a key whose value is undefined is left out and
 * numbers that JSON cannot hold are refused: nothing is copied for that here.
 */
export function asJson(value: object): Json {
  return value as Json;
}
