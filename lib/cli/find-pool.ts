import { compileMatch, isGlob } from '../config/compile-match.ts';
import { findNearest } from '../config/did-you-mean.ts';
import { commandHint } from '../decide/command-hint.ts';
import type { CompiledConfig } from '../decide/compiled-config.ts';
import { CommandError, UsageError } from '../errors.ts';
import type { Store } from '../io/stores/store.ts';
import { refuseUntouched } from './acted-on.ts';
import { listKnownPools, type StoredPool } from './known-pools.ts';
import { parsePool, type WrittenPool } from './name-pool.ts';

/** The one pool of the store that a person named. Throws what is wrong with the name, and what is near it. */
export async function findPool(store: Store, config: CompiledConfig, text: string): Promise<StoredPool> {
  const written = parsePool(text, config);
  const regions = config.regions.map(({ name }) => name).filter((name) => (written.region ?? name) === name);
  const known = await listKnownPools(store, regions);
  const found = known.filter(({ cluster, pool }) => cluster === written.cluster && pool === written.pool);
  const [first, second] = found;
  if (first === undefined) return refuseUnseen(known, config, text, written);
  if (second === undefined) return first;
  if (first.region === second.region)
    throw new CommandError(`"${text}" is the name of several pools, which are left alone: rename one`);
  throw new UsageError(
    `"${text}" exists in several regions: write ${found.map(({ region }) => `${region}:${text}`).join(' or ')}`,
  );
}

function refuseUnseen(known: readonly StoredPool[], config: CompiledConfig, text: string, written: WrittenPool): never {
  if (isGlob(written.cluster) || isGlob(written.pool))
    throw new UsageError(`"${text}" is a pattern, which is not taken here: write the name of one pool`);
  const named = compileMatch(text);
  if (named.ok) refuseUntouched(named.match, config);
  if (known.length === 0)
    throw new CommandError(`No round has seen pool "${text}" yet; run one first: ${commandHint(config, 'run --once')}`);
  const nearest = findNearest(text, namesOf(known, written));
  const next = nearest === undefined ? `see: ${commandHint(config, 'status')}` : `did you mean "${nearest}"?`;
  throw new CommandError(`No round has seen a pool "${text}": ${next}`);
}

/** As the person writes them: with the region or without. */
function namesOf(known: readonly StoredPool[], { region: written }: WrittenPool): readonly string[] {
  return known.map(({ region, cluster, pool }) => `${written === undefined ? '' : `${region}:`}${cluster}/${pool}`);
}
