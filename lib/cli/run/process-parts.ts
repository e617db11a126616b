import { type App, makeApp, openSecrets } from '../../app.ts';
import type { Clock } from '../../io/clock.ts';
import type { Fetch } from '../../io/http/exchange.ts';
import type { NewId } from '../../io/ids.ts';
import type { Log } from '../../io/log.ts';
import type { OnCall } from '../../io/mks/mks.ts';
import type { Redactor } from '../../io/redact.ts';
import type { Environment } from '../../io/secrets/env-secret.ts';
import { boundedStore } from '../../io/stores/bounded-store.ts';
import { makeMemoryStore } from '../../io/stores/memory-store.ts';
import { openStore } from '../../io/stores/open-store.ts';
import type { OpenedStore } from '../../io/stores/store.ts';
import type { CompiledConfig } from '../../model/config.ts';

/** What a process hands to everything below it. */
export type ProcessParts = {
  readonly env: Environment;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  readonly redactor: Redactor;
};

export type OpenedApp = { readonly app: App; readonly store: OpenedStore };

/** The app on the store that the config names, or on the one given. */
export async function openApp(
  parts: ProcessParts,
  config: CompiledConfig,
  store?: OpenedStore,
  onCall?: OnCall,
): Promise<OpenedApp> {
  const tell = (text: string) => parts.log.warn(text);
  const opened = boundedStore(store ?? (await openStore(config.store, parts)), parts.clock, tell);
  const secrets = openSecrets(parts);
  return { app: makeApp({ ...parts, store: opened, secrets, ...(onCall ? { onCall } : {}) }), store: opened };
}

/** For commands that only look where no store is yet. */
export function emptyStore(newId: NewId): OpenedStore {
  return makeMemoryStore({ newId });
}
