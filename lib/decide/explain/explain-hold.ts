import { commandHint } from '../command-hint.ts';
import type { CompiledConfig } from '../compiled-config.ts';
import type { Names } from '../match.ts';
import type { HoldCode } from '../scaling/plan.ts';
import { poolLabel } from '../scaling/pool-view.ts';

/** Why the last round left the pool at another size than the wanted one, and what can be done about it. */
export function explainHold(
  config: Pick<CompiledConfig, 'file'>,
  names: Names,
  hold: HoldCode | undefined,
): readonly string[] {
  if (hold === undefined) return [];
  const run = (command: string) => commandHint(config, command);
  return [`the last round held it: ${wordsOf(hold, poolLabel(names), run)}`];
}

function wordsOf(hold: HoldCode, label: string, run: (command: string) => string): string {
  switch (hold) {
    case 'paused':
      return 'it was paused then; once it is not, the next round acts';
    case 'observe':
      return 'mode was observe; once it is act, the next round acts';
    case 'brake':
      return `the brake waits, since only the changed config explains this lower; if this is what you want, run: ${run('approve')}`;
    case 'max-changes':
      return 'safety.maxChangesPerRound was reached; the next round goes on';
    case 'min-nodes':
      return 'its cluster keeps the nodes of safety.minNodesPerCluster; lower that, or raise another pool of it';
    case 'in-flight':
      return 'a change of it was under way; the next round looks again';
    case 'stuck':
      return 'a change of it does not settle; look at the pool in the console';
    case 'slot':
      return 'another pool of its cluster comes first, one change per cluster at a time; its turn comes by itself';
    case 'cluster-not-running':
      return 'its cluster was not Running (in Error, pools are raised and never lowered); look at the cluster in the console';
    case 'pool-not-running':
      return 'it was not Running; the next round looks again, and the console says why';
    case 'unknown-status':
      return 'its status is not a known one, so it is left alone; look at the pool in the console';
    case 'absent-size':
      return 'the answer of the API held no size; the next round looks again';
    case 'unreadable':
      return 'its name or id cannot be read, so it is left alone; rename it in the console';
    case 'stale':
      return 'the answer of the API was older than one seen before; the next round looks again';
    case 'ambiguous':
      return 'several pools have its name; rename one of them';
    case 'mismatch':
      return 'a range is asked for, and it is a fixed pool; give it a number, or switch its autoscaling on';
    case 'base-unknown':
      return `its base is unknown; give its rule a base, or run: ${run(`base "${label}" set <size>`)}`;
    case 'grace':
      return 'it is younger than the grace of its rule, and not lowered before that has passed';
    case 'ahead':
      return 'it was raised ahead of a boundary, and is not lowered before that';
    case 'contended':
      return 'somebody else changed its size three times within an hour, probably Terraform or another installation; see that only one of you does';
    case 'cool-down':
      return `the API refused the change, which is tried again after a while; to see why, run: ${run(`history "${label}"`)}`;
    case 'refused':
      return `the API refused the change three times; it is tried again once the rule or the pool changes; to see why, run: ${run(`history "${label}"`)}`;
  }
}
