import type { ObservedVersion } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { type EpochMs, isoDate } from '../../model/time.ts';

/** When support for a Kubernetes version ends (a day, as its first instant in UTC), and who says so. */
export type EndOfLife = {
  readonly date: EpochMs;
  readonly from: 'provider' | 'config';
  /** What the config says, where that is another day than the provider's. */
  readonly configured?: EpochMs;
};

/**
 * The provider's own date counts; the config's is for versions without one. "1.35.2" in the config counts before
 * "1.35", which means all its patches. undefined = unknown.
 */
export function endOfLife(
  { version, eol }: Pick<ObservedVersion, 'version' | 'eol'>,
  versions: CompiledConfig['versions'] = {},
): EndOfLife | undefined {
  const [number = '', minor = ''] = /^v?((\d+\.\d+)\S*)/u.exec(version)?.slice(1) ?? [];
  const configured = (ownOf(versions, number) ?? ownOf(versions, minor))?.eol;
  if (eol === undefined) return configured === undefined ? undefined : { date: configured, from: 'config' };
  const isOther = configured !== undefined && isoDate(configured) !== isoDate(eol);
  return { date: eol, from: 'provider', ...(isOther && { configured }) };
}

function ownOf(versions: NonNullable<CompiledConfig['versions']>, name: string): { readonly eol: EpochMs } | undefined {
  return Object.hasOwn(versions, name) ? versions[name] : undefined;
}
