import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs, Finding } from '../../decide/model.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import { ago } from '../render/instant.ts';

const leastMs = 15 * 60_000;

/** Rounds are missed in a region when the last one is older than three ticks and 15 minutes, or there was none. */
export function missedRounds(
  rounds: readonly RoundFindings[],
  { regions, everyMs }: Pick<CompiledConfig, 'regions' | 'everyMs'>,
  now: EpochMs,
): readonly Finding[] {
  return regions.flatMap(({ name }) => {
    const last = Math.max(...rounds.filter(({ region }) => region === name).map(({ at }) => at));
    if (now - last < Math.max(3 * everyMs, leastMs)) return [];
    const text = Number.isFinite(last)
      ? `the last round over region ${name} was ${ago(last, now)}`
      : `no round has looked at region ${name} yet`;
    const subject = { kind: 'region', region: name } as const;
    return [{ kind: 'rounds.missed', severity: 'critical', subject, text, fix: 'is "lamplighter run" running?' }];
  });
}
