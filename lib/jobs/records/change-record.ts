import type { Key, Version, Write } from '../../io/stores/store.ts';
import { asJson } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';

/** The write that stores a record over what was read at `version`, or where nothing was. */
export function putOver(key: Key, record: object, version: Version | undefined, expiresAt?: EpochMs): Write {
  const put = { key, value: asJson(record), ...(expiresAt === undefined ? {} : { expiresAt }) };
  return version === undefined ? { kind: 'putIfAbsent', ...put } : { kind: 'putIfVersion', ...put, version };
}
