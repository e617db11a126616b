import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { recordProblem } from '../../decide/record-shape.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { copyRecords } from '../../io/stores/copy-records.ts';
import { dumpSqlite, dumpTable } from '../../io/stores/dumped-records.ts';
import { openStore } from '../../io/stores/open-store.ts';
import { backUpSqlite, isTaken, restoreSqlite } from '../../io/stores/sqlite-backup.ts';
import { type DumpedRecord, schemaVersion } from '../../io/stores/store.ts';
import type { StoreConfig } from '../../model/config.ts';
import { commandHint, counted } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { isStoreThere, readConfig } from '../config-and-store.ts';
import type { ConfigOption, JsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { ago, rfc3339 } from '../text/instant.ts';
import { instantJson, writeJson } from '../text/table.ts';
import { parseStoreAddress, showStore } from './store-address.ts';

type Options = ConfigOption & JsonOption;

/** A copy of the config's store in a new file, as of one instant, while the process or the functions go on. */
export async function backUpStore(parts: CliParts, file: string, { config: from, json }: Options): Promise<void> {
  const config = await readConfig(parts, from);
  await refuseMissing(config.store);
  const records = await copyToFile(parts, config.store, file);
  tell(parts, json, { kind: 'backup', from: config.store, to: { kind: 'sqlite', path: resolve(file) }, records }, [
    `backed up ${showStore(config.store)} to ${file}: ${contents(records, parts.clock.now())}`,
  ]);
}

/** The config's store as a backup has it; the file that was there is kept. */
export async function restoreStore(parts: CliParts, file: string, { config: to, json }: Options): Promise<void> {
  const config = await readConfig(parts, to);
  const records = dumpSqlite(file);
  const aside = await putBack(parts, config.store, file, records);
  const odd = records.flatMap(({ key, text }) => recordProblem(key, text) ?? []);
  const from: StoreConfig = { kind: 'sqlite', path: resolve(file) };
  tell(parts, json, { kind: 'restore', from, to: config.store, records, aside: aside ?? null }, [
    `restored ${showStore(config.store)} from ${file}: ${contents(records, parts.clock.now())}`,
    ...(aside === undefined ? [] : [`the old store is kept as ${aside}`]),
    ...odd,
    `before the next round, see what it would do: ${commandHint(config, 'plan')}`,
  ]);
}

/** Is it whole, of a schema that this version knows, and is every record of a known shape? Exit code 1 where not. */
export async function verifyStore(parts: CliParts, address: string | undefined, options: Options): Promise<void> {
  const store = address === undefined ? (await readConfig(parts, options.config)).store : parseStoreAddress(address);
  await refuseMissing(store);
  const records = await dump(parts, store);
  const problems = records.flatMap(({ key, text }) => recordProblem(key, text) ?? []);
  if (problems.length > 0) parts.exitWith(1);
  const whole = store.kind === 'sqlite' ? `intact (integrity check), schema ${schemaVersion}, ` : '';
  const lines = [
    `${problems.length === 0 ? 'ok' : 'not ok'}  ${showStore(store)}: ${whole}${contents(records, parts.clock.now())}`,
    ...problems,
  ];
  if (options.json) writeJson(parts.stdout, { ok: problems.length === 0, ...described(store, records), problems });
  else parts.stdout.write(`${lines.join('\n  ')}\n`);
}

/** Everything from one store into another: a file or a table that is empty, or holds a part of this very copy. */
export async function copyStore(parts: CliParts, from: string, to: string, { json }: JsonOption): Promise<void> {
  const [source, target] = [parseStoreAddress(from), parseStoreAddress(to)];
  if (JSON.stringify(source) === JSON.stringify(target))
    throw new UsageError('Both are the same store: name two different ones');
  await refuseMissing(source);
  const records = target.kind === 'sqlite' ? await copyToFile(parts, source, target.path) : await dump(parts, source);
  if (target.kind === 'dynamodb') await copyToTable(parts, records, target);
  tell(parts, json, { kind: 'copy', from: source, to: target, records }, [
    `copied ${showStore(source)} to ${showStore(target)}: ${contents(records, parts.clock.now())}`,
    'from now on use only one of the two: stop what runs on the first, then start it on the second',
  ]);
}

type StoreOf<K extends StoreConfig['kind']> = Extract<StoreConfig, { readonly kind: K }>;

async function refuseMissing(store: StoreConfig): Promise<void> {
  if (await isStoreThere(store)) return;
  throw new CommandError(`There is no store at ${showStore(store)}`);
}

async function dump(parts: CliParts, store: StoreConfig): Promise<readonly DumpedRecord[]> {
  return store.kind === 'sqlite' ? dumpSqlite(store.path) : dumpTable(store.table, parts);
}

async function copyToFile(parts: CliParts, from: StoreConfig, file: string): Promise<readonly DumpedRecord[]> {
  if (from.kind === 'sqlite') {
    backUpSqlite(from.path, file);
    return dumpSqlite(file);
  }
  if (existsSync(file)) throw isTaken(file);
  const records = await dumpTable(from.table, parts);
  const part = `${resolve(file)}.part`;
  if (existsSync(part)) throw isTaken(part);
  try {
    await copyInto(parts, { kind: 'sqlite', path: part }, records, []);
    renameSync(part, resolve(file));
  } finally {
    rmSync(part, { force: true });
  }
  return records;
}

async function copyToTable(
  parts: CliParts,
  records: readonly DumpedRecord[],
  target: StoreOf<'dynamodb'>,
): Promise<void> {
  await copyInto(parts, target, records, await dumpTable(target.table, parts));
}

async function copyInto(
  parts: CliParts,
  target: StoreConfig,
  records: readonly DumpedRecord[],
  there: readonly DumpedRecord[],
): Promise<void> {
  const store = await openStore(target, parts);
  try {
    await copyRecords(records, there, store, parts.clock.now());
  } finally {
    await store.close();
  }
}

/** Resolves to the name under which the file that was there is kept. */
async function putBack(
  parts: CliParts,
  store: StoreConfig,
  file: string,
  records: readonly DumpedRecord[],
): Promise<string | undefined> {
  if (store.kind === 'sqlite') {
    const stamp = rfc3339(parts.clock.now()).replaceAll(/[-:]|\.\d+/gu, '');
    return restoreSqlite(store.path, file, `${store.path}.before-restore-${stamp}`).aside;
  }
  await copyToTable(parts, records, store);
  return undefined;
}

type Done = {
  readonly kind: string;
  readonly from: StoreConfig;
  readonly to: StoreConfig;
  readonly records: readonly DumpedRecord[];
  readonly aside?: string | null;
};

function tell({ stdout }: CliParts, json: true | undefined, done: Done, lines: readonly string[]): void {
  const { records, aside, ...names } = done;
  if (json) writeJson(stdout, { ...names, ...counts(records), ...(aside === undefined ? {} : { aside }) });
  else stdout.write(`${lines.join('\n  ')}\n`);
}

function described(store: StoreConfig, records: readonly DumpedRecord[]) {
  const isFile = store.kind === 'sqlite';
  const [schema, bytes] = isFile ? [schemaVersion, statSync(store.path).size] : [null, null];
  return { store, schema, bytes, ...counts(records) };
}

function counts(records: readonly DumpedRecord[]) {
  return { records: records.length, lastRoundAt: instantJson(lastRound(records)) };
}

/** "66 records; the last round ended 3m ago". */
function contents(records: readonly DumpedRecord[], now: EpochMs): string {
  const last = lastRound(records);
  return `${counted(records.length, 'record')}; ${last === undefined ? 'no round has ended on it' : `the last round ended ${ago(last, now)}`}`;
}

function lastRound(records: readonly DumpedRecord[]): EpochMs | undefined {
  const rounds = records.filter(({ key }) => key.partition === 'findings' || key.partition === 'seen');
  const times = rounds.map(({ text }) => Number(/"at":(\d+)/u.exec(text)?.[1] ?? 0));
  return times.length === 0 ? undefined : Math.max(...times);
}
