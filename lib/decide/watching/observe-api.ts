import type { Answer } from '../answer.ts';
import type { Observation } from '../incidents/observation.ts';
import type { EpochMs, Finding } from '../model.ts';
import { judged } from './observe-pool.ts';

type Wrong = Omit<Finding, 'kind' | 'subject'>;

/**
 * Is the region's API there, and does it let us in? Its list is the question, unless it falls silent after it (`silence`:
 * why it was not asked any further). What it refuses for want of a token or a
 * role is an answer (JSON; a block page is none); whatever else is not a list leaves us blind.
 */
export function observeApi(
  region: string,
  list: Answer<unknown>,
  silence: string | undefined,
  now: EpochMs,
): readonly Observation[] {
  const judge = judged({ kind: 'region', region }, now);
  const unreachable = judge('api.unreachable', unreachableOf(region, list) ?? silentOf(region, silence));
  const isSilent = unreachable.state === 'bad';
  return isSilent ? [unreachable] : [unreachable, judge('api.refused', refusedOf(region, list))];
}

function unreachableOf(region: string, list: Answer<unknown>): Wrong | undefined {
  if (list.kind === 'ok' || list.kind === 'unauthorized' || list.kind === 'forbidden') return undefined;
  const support = list.kind === 'unknown' && list.supportId !== undefined ? { supportId: list.supportId } : {};
  return {
    severity: 'critical',
    text: `The API of region ${region} gives no usable answer, so nothing is watched or scaled there: ${list.detail}`,
    fix: 'Check the address, the network and the provider’s status page',
    facts: { answer: list.kind === 'unknown' ? list.reason : list.kind, ...support },
  };
}

function silentOf(region: string, silence: string | undefined): Wrong | undefined {
  if (silence === undefined) return undefined;
  return {
    severity: 'critical',
    text: `The API of region ${region} lists its clusters and then answers nothing, so the rest is neither watched nor scaled: ${silence}`,
    fix: 'Look at the provider’s status page, or ask there',
    facts: { answer: 'timeout' },
  };
}

function refusedOf(region: string, list: Answer<unknown>): Wrong | undefined {
  if (list.kind !== 'unauthorized' && list.kind !== 'forbidden') return undefined;
  const isToken = list.kind === 'unauthorized';
  return {
    severity: 'critical',
    text: `The API of region ${region} refuses the token: ${list.detail}`,
    fix: isToken
      ? 'Create a new token in the console of that region and put it where the config says'
      : 'Create a token that may list clusters and node pools, in the console of that region',
    facts: { answer: list.kind },
  };
}
