import type { Match, RegionConfig } from '../compiled-config.ts';
import type { Names } from '../match.ts';
import { type Read, readText, show } from './read-values.ts';

/** MKS's own names are far shorter; the bound keeps ids of records within what every store can keep. */
const longestName = 80;

/** "cluster/pool" or "region:cluster/pool". Events name pools exactly: globs are for people and the config. */
export function readPoolName(text: string): Read<{ region: string | undefined; cluster: string; pool: string }> {
  if (/[*?[\]{}]/u.test(text))
    return { problem: `pool is ${show(text)}: an event names one pool exactly, without globs` };
  const [, region, cluster, pool] = /^(?:([^:/]+):)?([^/]+)\/([^/]+)$/u.exec(text) ?? [];
  if (cluster === undefined || pool === undefined) {
    return { problem: `pool is ${show(text)}: write cluster/pool or region:cluster/pool` };
  }
  for (const [name, value] of Object.entries({ cluster, pool })) {
    const read = readText(`the ${name}'s name`, value, longestName);
    if ('problem' in read) return read;
  }
  return { value: { region, cluster, pool } };
}

/**
 * The region of a pool: as named; else the only one whose pools of this name the source may raise. Never a guess between two.
 */
export function findRegion(
  named: { region: string | undefined; cluster: string; pool: string },
  regions: readonly RegionConfig[],
  may: (names: Names) => boolean,
): Read<Names> {
  const candidates = regions.map(({ name }) => name);
  if (named.region !== undefined) {
    if (candidates.includes(named.region)) return { value: { ...named, region: named.region } };
    return { problem: `region ${show(named.region)} is not in the config: its regions are ${candidates.join(', ')}` };
  }
  const [first, second] = candidates.filter((region) => may({ ...named, region }));
  const pool = `${named.cluster}/${named.pool}`;
  if (first === undefined) return { problem: `pool ${show(pool)} is not in the source's may list` };
  if (second === undefined) return { value: { ...named, region: first } };
  return { problem: `pool ${show(pool)} may be in more than one region: write ${first}:${pool} or ${second}:${pool}` };
}

/** A match that means exactly this pool. */
export function exactMatch(names: Names): Match {
  return {
    text: `${names.region}:${names.cluster}/${names.pool}`,
    region: escape(names.region),
    cluster: escape(names.cluster),
    pool: escape(names.pool),
    exactPool: true,
  };
}

function escape(name: string): string {
  return name.replaceAll(/[\^$\\.*+?()[\]{}|/]/gu, '\\$&');
}
