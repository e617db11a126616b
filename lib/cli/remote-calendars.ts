import { openSecrets } from '../app.ts';
import type { CalendarReading, ReadCalendar } from '../config/compile/context.ts';
import { readIcs } from '../config/ics/read-ics.ts';
import { reduceIcs } from '../config/ics/reduce-ics.ts';
import type { ConfigReader } from '../config/read-config.ts';
import { stableHash } from '../config/stable-hash.ts';
import { SecretError, StoreError } from '../errors.ts';
import type { HttpParts } from '../io/http/exchange.ts';
import { fetchCalendar } from '../io/http/fetch-calendar.ts';
import type { Redactor } from '../io/redact.ts';
import { makeSecret, type Secret } from '../io/secrets/secret.ts';
import type { Secrets } from '../io/secrets/secrets.ts';
import type { Store } from '../io/stores/store.ts';
import { type CalendarCopy, keepCalendar, loadCalendar } from '../jobs/records/calendar-records.ts';
import type { CompiledConfig, RemoteCalendar } from '../model/config.ts';
import { type EpochMs, hourMs, isoDate, minuteMs } from '../model/time.ts';
import { type CliParts, makeCliLog } from './parts.ts';
import type { ProcessParts } from './run/process-parts.ts';

export type RemoteParts = HttpParts & {
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  /** Nothing is waited for once the process is to end. */
  readonly signal?: AbortSignal;
};

/** What a command or a process has for them. */
export function remoteParts(parts: CliParts | (ProcessParts & Pick<RemoteParts, 'signal'>)): RemoteParts {
  const log = 'log' in parts ? parts.log : makeCliLog(parts, 'error');
  return { ...parts, secrets: openSecrets({ ...parts, log }) };
}

export type RemoteCalendars = {
  /** The last good copy, from the store; never asks the network. */
  readonly read: ReadCalendar;
  /** The same; where there is no copy it is fetched, and not kept. */
  readonly readOrFetch: ReadCalendar;
  /**
   * Fetches and keeps what is due: never had, or older than an hour. Waits for what was never had; for the rest only where
   * `isPatient`. False where nothing was waited for.
   */
  readonly refresh: (config: CompiledConfig, isPatient?: boolean) => Promise<boolean>;
};

const freshMs = hourMs;
/** After a failure it is left alone for a while. */
const pauseMs = 10 * minuteMs;

/** Calendars at addresses, with the last good copy of each in the store; without one, in memory alone. */
export function makeRemoteCalendars(parts: RemoteParts, store: Store | undefined): RemoteCalendars {
  const shelf: Shelf = { parts, store, tried: new Map(), lastSeen: new Map() };
  const read: ReadCalendar = async (calendar) => {
    const problem = shelf.tried.get(idOf(calendar))?.problem;
    return { ...(await load(shelf, idOf(calendar))), ...(problem !== undefined && { problem }) };
  };
  return {
    read,
    readOrFetch: async (calendar) => {
      const known = await read(calendar);
      return known.text === undefined ? fetchUsable(parts, calendar) : known;
    },
    refresh: async ({ remoteCalendars = [] }, isPatient = false) => refreshAll(shelf, remoteCalendars, isPatient),
  };
}

/** By id: when each was last asked for, and its copy as it was last seen. */
type Shelf = {
  readonly parts: RemoteParts;
  readonly store: Store | undefined;
  readonly tried: Map<string, { readonly at: EpochMs; readonly problem?: string }>;
  readonly lastSeen: Map<string, CalendarCopy>;
};

/** A store that cannot be reached just now says nothing about calendars: the copy of the last look goes on. */
async function load({ store, lastSeen }: Shelf, id: string): Promise<CalendarCopy | undefined> {
  try {
    const copy = store && (await loadCalendar(store, id));
    if (copy !== undefined) lastSeen.set(id, copy);
    return copy;
  } catch (error) {
    if (error instanceof StoreError) return lastSeen.get(id);
    throw error;
  }
}

async function refreshAll(shelf: Shelf, calendars: readonly RemoteCalendar[], isPatient: boolean): Promise<boolean> {
  const { parts, tried } = shelf;
  const now = parts.clock.now();
  const waitedFor: Promise<void>[] = [];
  for (const calendar of calendars) {
    const last = tried.get(idOf(calendar));
    const isPaused = last !== undefined && Math.abs(now - last.at) < (last.problem === undefined ? freshMs : pauseMs);
    const copy = await load(shelf, idOf(calendar));
    if (isPaused || (copy !== undefined && Math.abs(now - copy.at) < freshMs)) continue;
    tried.set(idOf(calendar), { ...last, at: now });
    const renewed = renew(shelf, calendar);
    if (isPatient || copy === undefined) waitedFor.push(renewed);
    else renewed.catch(() => undefined);
  }
  await Promise.all(waitedFor);
  return waitedFor.length > 0;
}

async function renew({ parts, store, tried }: Shelf, calendar: RemoteCalendar): Promise<void> {
  const id = idOf(calendar);
  const { text, at, problem } = await fetchUsable(parts, calendar);
  const isLost = text !== undefined && at !== undefined && store !== undefined && !(await kept(store, id, text, at));
  const why = isLost ? 'its copy could not be stored: it is too large, or the store refused it' : problem;
  tried.set(id, { at: parts.clock.now(), ...(why !== undefined && { problem: why }) });
}

/** Reads the config, and again once what is new in it was fetched. */
export function followingCalendars(read: ConfigReader, calendars: RemoteCalendars, isPatient = false): ConfigReader {
  return async (now) => {
    const first = await read(now);
    if (first.config === undefined || !(await calendars.refresh(first.config, isPatient))) return first;
    const again = await read(now);
    return again.ok ? { ...again, changed: first.changed || again.changed } : again;
  };
}

/** By its address, of which nothing can be told from the id. */
function idOf({ address, insecure }: Pick<RemoteCalendar, 'address' | 'insecure'>): string {
  return stableHash([address, insecure]);
}

async function kept(store: Store, id: string, text: string, at: EpochMs): Promise<boolean> {
  try {
    return await keepCalendar(store, id, { text, at });
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

/** Fetched, and unrolled once within the budget that calendar files have: what cannot be used replaces no copy that can. */
export async function fetchUsable(parts: RemoteParts, calendar: RemoteCalendar): Promise<CalendarReading> {
  const url = await addressOf(parts, calendar);
  if (typeof url === 'string') return { problem: url };
  const fetched = await fetchCalendar(parts, url, calendar.insecure);
  if (!fetched.ok) return { problem: fetched.problem };
  const at = parts.clock.now();
  const year = Number(isoDate(at).slice(0, 4));
  const span = { first: `${year - 1}-01-01`, last: `${year + 2}-12-31` };
  const unrolled = await readIcs({ text: fetched.text, zones: ['UTC'], ...span });
  return unrolled.ok ? { text: reduceIcs(fetched.text), at } : { problem: `it cannot be used: ${unrolled.message}` };
}

async function addressOf({ secrets, redactor }: RemoteParts, { address }: RemoteCalendar): Promise<Secret | string> {
  if (address === undefined) return 'its address is not known here';
  try {
    if (address.kind !== 'plain') return await secrets.read(address, 'url');
    const url = makeSecret(address.url);
    redactor.know(url);
    return url;
  } catch (error) {
    if (error instanceof SecretError) return error.message;
    throw error;
  }
}
