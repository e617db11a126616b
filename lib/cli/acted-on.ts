import { escapeLiteral, isGlob } from '../config/compile-match.ts';
import { covers, mayOverlap } from '../config/match-overlap.ts';
import type { CompiledConfig, Match, Rule } from '../decide/compiled-config.ts';
import { UsageError } from '../errors.ts';
import { reachedRegions } from './asked-match.ts';

type Rules = Pick<CompiledConfig, 'file' | 'rules' | 'regions'>;

/** Could a rule with a schedule be the first for some pool that the match names? false is a proof. */
export function mayBeActedOn(match: Match, config: Rules): boolean {
  return firstRules(match, config).some((rule) => rule?.schedule !== undefined);
}

/**
 * Nothing can be asked for one pool by its whole name that no rule will ever act on; nor, where the clusters that were
 * seen are given, for one that is none of them.
 */
export function refuseUntouched(match: Match, config: Rules, seen?: ReadonlySet<string>): void {
  const isOneName = match.exactPool || (seen !== undefined && isUnseenCluster(match, seen));
  if (!isOneName || mayBeActedOn(match, config)) return;
  const rule = firstRules(match, config).find((found) => found !== undefined);
  const why =
    rule === undefined
      ? `none in ${config.file} matches it; write one under pools first`
      : `rule "${rule.match.text}" (${rule.position.file}:${rule.position.line}) says schedule: none; give it a schedule first`;
  throw new UsageError(`no rule acts on ${match.text}: ${why}`);
}

function isUnseenCluster({ text, pool }: Match, seen: ReadonlySet<string>): boolean {
  const cluster = text.slice(text.indexOf(':') + 1);
  return pool === undefined && !isGlob(cluster) && !seen.has(cluster);
}

/** In each region that the match reaches: the first rule that may act on a pool it names, else the one that forbids it. */
function firstRules(match: Match, { rules, regions }: Rules): readonly (Rule | undefined)[] {
  return reachedRegions(match, regions).map((name) => {
    const own: Match = { ...match, region: escapeLiteral(name) };
    return rules.find((rule) => (rule.schedule === undefined ? covers(rule.match, own) : mayOverlap(rule.match, own)));
  });
}
