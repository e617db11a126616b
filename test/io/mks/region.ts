import type { Fetch } from '../../../lib/io/http/exchange.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeMks } from '../../../lib/io/mks/client.ts';
import type { Mks } from '../../../lib/io/mks/mks.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { makeTokenSource } from '../../../lib/io/secrets/token-source.ts';
import { makeVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

export const canary = 'c0ffee'.repeat(10) + 'beef';

export const clusterId = 'ece35b5a-8ffe-4d07-9523-639323abbfbb';
export const poolId = '0b1f2a52-6f5e-4b7e-9d0c-4f6a3d7f9a10';

export const poolJson = { id: poolId, name: 'workers', status: 'Running', autoscale: false, size: 3 };
export const clusterJson = { id: clusterId, name: 'dev one', status: 'Running' };

export type Region = { readonly mks: Mks; readonly clock: VirtualClock; readonly reads: string[] };

/** A client for `url` whose token is what `stages` hold, under a clock that only tests move. */
export function makeRegion(
  url: string,
  more: { readonly fetch?: Fetch; readonly stages?: { current: string; previous?: string } } = {},
): Region {
  const clock = makeVirtualClock();
  const redactor = makeRedactor();
  const stages = more.stages ?? { current: canary };
  const reads: string[] = [];
  const source = {
    read: async (stage: 'current' | 'previous') => {
      reads.push(stage);
      return stages[stage];
    },
  };
  const token = makeTokenSource({ kind: 'awsSecret', name: 'lamplighter/r1' }, source, {
    clock,
    redactor,
    log: silentLog,
  });
  const region = { name: 'r1', url: `${url}/api/v1` };
  const mks = makeMks({ region, token, fetch: more.fetch ?? fetch, clock, redactor });
  return { mks: { ...mks, putNodePool: (...call) => neverLater(mks.putNodePool(...call), clock) }, clock, reads };
}

/** A PUT is never kept for later: one that sleeps beside its deadline fails at once, where it would wait for ever. */
async function neverLater<T>(put: Promise<T>, clock: VirtualClock): Promise<T> {
  const progress = { isOver: false };
  const over = put.finally(() => void (progress.isOver = true));
  const slept = async () => {
    while (!progress.isOver && clock.sleepers() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!progress.isOver) throw new Error('the PUT waits, to be sent again');
    return over;
  };
  return Promise.race([over, slept()]);
}
