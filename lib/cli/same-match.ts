import { covers } from '../config/match-overlap.ts';
import type { Match } from '../decide/compiled-config.ts';

/**
 * Does what a person names now mean this ask of a region it reaches? Yes where it surely names every pool that the ask
 * is for; an ask for more than what is named stays. undefined names everything.
 */
export function namesSame(asked: Match | undefined, ask: Match | undefined): boolean {
  if (asked === undefined || ask === undefined) return asked === undefined;
  return covers({ ...asked, region: undefined }, { ...ask, region: undefined });
}
