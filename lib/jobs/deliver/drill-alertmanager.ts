import type { DestinationConfig } from '../../decide/compiled-config.ts';
import type { OpenIncident } from '../../decide/messages/alertmanager.ts';
import { isFailure, type Outcome } from '../../decide/outbox/outcome.ts';
import type { DeliverParts } from './deliver-parts.ts';
import { drillFacts } from './drill-facts.ts';
import type { DrillOutcome, DrillReport } from './fire-drill.ts';
import { credentialsOf, push } from './push-alertmanager.ts';

/** Alertmanager has no outbox: an alert is pushed as what is open is, and pushed again with its end. */
export async function drillAlertmanager(parts: DeliverParts, destination: DestinationConfig): Promise<DrillReport> {
  const since = parts.clock.now();
  const read = await credentialsOf(parts, destination);
  const say = async (what: 'open' | 'resolve') => {
    const facts: OpenIncident['facts'] = drillFacts(destination.name, what, since, parts.clock.now());
    return outcomeOf(await push(parts, destination, [{ key: '', facts }], read));
  };
  const open = await say('open');
  return { open, resolve: open.state === 'confirmed' ? await say('resolve') : undefined };
}

/** Nothing waits here: what was not taken is not sent again. */
function outcomeOf(outcome: Outcome): DrillOutcome {
  if (isFailure(outcome)) return { state: 'dropped', reason: outcome.problem };
  return { state: outcome.kind, reason: undefined };
}
