import type { EpochMs } from '../../decide/model.ts';
import type { Output } from '../cli-parts.ts';
import { rfc3339 } from './instant.ts';

/** One JSON document, indented: people read it too. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

export function instantJson(at: EpochMs | undefined): string | null {
  return at === undefined ? null : rfc3339(at);
}
