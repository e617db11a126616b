import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isKnownShape } from '../../decide/record-shape.ts';
import { StoreError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAll, putOver } from '../../jobs/records/change-record.ts';
import { readUninstalled } from '../../jobs/records/cluster-records.ts';
import { listRoundHeads } from '../../jobs/records/round-findings.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { counted, listed } from '../../model/text.ts';
import { hourMs, isOverdue } from '../../model/time.ts';
import { lookIntoStore } from '../config-and-store.ts';
import type { CliParts } from '../parts.ts';
import { ago } from '../text/instant.ts';
import { type Check, checksOf, mostNamed } from './check-result.ts';

const about = 'store';
const { ok, warning, failed, unknown } = checksOf(about);
const probe = { partition: 'doctor', id: 'probe' };
/** Can the store be opened, read and written, and when did somebody last go round? Makes no store where there is none. */
export async function storeChecks(parts: CliParts, config: CompiledConfig): Promise<readonly Check[]> {
  const where = placeOf(config);
  try {
    const checks = await lookIntoStore(parts, config, async (store) => {
      await writeProbe(store, parts.clock.now());
      const whole = config.store.kind === 'sqlite' ? 'is intact (integrity check), and ' : '';
      return [
        ok('store', `${where} ${whole}can be read and written`),
        ...(await roundChecks(parts, config, store)),
        ...(await recordChecks(config, store)),
      ];
    });
    return checks ?? [await placeCheck(config)];
  } catch (error) {
    const fix = 'check its path, its permissions and the disk, or the table and the role';
    return [failed('store', storeProblem(error, config), fix)];
  }
}

/** Why the store cannot be used; of an error that is not ours nothing is shown. */
export function storeProblem(error: unknown, config: CompiledConfig): string {
  return error instanceof StoreError ? error.message : `${placeOf(config)} cannot be used`;
}

function placeOf({ store }: CompiledConfig): string {
  return store.kind === 'sqlite' ? store.path : `table ${store.table}`;
}

async function writeProbe(store: Store, now: number): Promise<void> {
  const known = await store.read(probe);
  await store.commit([putOver(probe, { schema: 1, at: now }, known?.version, now + hourMs)]);
}

/** Of what is kept by time (decisions, sizes, how deliveries ended) only the newest would matter. */
const ofRounds = ['rules', 'fleet', 'findings', 'looked', 'seen', 'obs-times'];
const ofAlerts = ['incidents', 'silences', 'notices', 'dest', 'destinations', 'announcements', 'digests', 'calendars'];
const ofRegions = ['clusters', 'asks', 'obs'];
const ofDestinations = ['outbox', 'parked'];

/** Each record that this version cannot read: its neighbours go on without it. */
async function recordChecks({ regions }: CompiledConfig, store: Store): Promise<readonly Check[]> {
  const destinations = (await listAll(store, 'destinations')).map(({ key }) => key.id);
  const partitions = [
    ...ofRounds,
    ...ofAlerts,
    ...regions.flatMap(({ name }) => ofRegions.map((kind) => `${kind}/${name}`)),
    ...destinations.flatMap((id) => ofDestinations.map((kind) => `${kind}/${id}`)),
  ];
  const unknownKeys: string[] = [];
  for (const partition of partitions) {
    for (const { key, value } of await listAll(store, partition))
      if (!isKnownShape(key, value)) unknownKeys.push(`${key.partition}/${key.id}`);
  }
  if (unknownKeys.length === 0) return [];
  const have = unknownKeys.length === 1 ? 'has' : 'have';
  return [
    warning(
      'records',
      `${counted(unknownKeys.length, 'record')} of the store ${have} an unknown format: ${listed(unknownKeys, mostNamed)}`,
      'restore the store from a backup, or delete these records (what they remember is then lost)',
    ),
  ];
}

async function placeCheck({ store }: CompiledConfig): Promise<Check> {
  const folder = store.kind === 'sqlite' ? dirname(store.path) : '';
  try {
    await access(folder, constants.W_OK);
    return ok('store', `there is no store yet; the first round creates it in ${folder}`);
  } catch {
    return failed(
      'store',
      `there is no store, and none can be created in ${folder}`,
      'create the folder, or let this user write there',
    );
  }
}

async function roundChecks({ clock }: CliParts, config: CompiledConfig, store: Store): Promise<readonly Check[]> {
  const rounds = await Promise.all(config.regions.map(({ name }) => listRoundHeads(store, name)));
  const last = Math.max(...rounds.flat().map(({ at }) => at));
  const now = clock.now();
  const uninstalled = await readUninstalled(store);
  const marked = uninstalled
    ? [
        warning(
          'uninstalled',
          `this fleet was uninstalled by ${uninstalled.who}: nothing is scaled`,
          'to act on it again: lamplighter uninstall --undo',
        ),
      ]
    : [];
  if (!Number.isFinite(last))
    return [...marked, unknown('rounds', 'no round has ended on this store yet', 'start one: lamplighter run')];
  const isLate = isOverdue(last, config.everyMs, now);
  const text = `the last round ended ${ago(last, now)}`;
  return [
    ...marked,
    isLate ? warning('rounds', text, 'check that the process, or the functions, run') : ok('rounds', text),
  ];
}
