import type { Event } from '../../support/receivers/targets.ts';
import { minuteMs } from './alert-scenario.ts';
import { endState, isClusterWrong, isOwed, keyOf } from './judge-alerts.ts';
import type { Place } from './places.ts';
import { type AlertStage, lostPart } from './stage.ts';

type Data = {
  incident: string;
  status: string;
  kind: string;
  since: string;
  text: string;
  facts: Record<string, string | number>;
};

const always: ReadonlySet<string> = new Set(['started', 'destination.broken']);

/** The signed destination sees everything: nothing that never happened, nothing twice under two ids, in order. */
export function judgeSigned(stage: AlertStage, place: Place, parked: readonly string[]): void {
  const { events } = place.receiver as unknown as { events: readonly Event[] };
  const bodies = new Map<string, string>();
  const statuses = new Map<string, string>();
  for (const { id, body } of events) {
    const data = body.data as Data;
    const word = String(body.type).replace('lamplighter.incident.', '');
    const text = JSON.stringify(body);
    const before = bodies.get(id);
    if (before !== undefined && before !== text)
      stage.violate('same id', `${place.host} got another text under the id ${id}`);
    if (before !== undefined) continue;
    bodies.set(id, text);
    judgeTruth(stage, place, data);
    if (data.status === 'notice') continue;
    const last = statuses.get(data.incident);
    const isAgain = last !== undefined && (word === 'opened' || last === 'resolved');
    if (isAgain && data.kind !== 'version.eol' && stage.wipedAt === undefined)
      stage.violate('order', `${place.host} got ${word} after ${last} of one incident: ${data.text}`);
    statuses.set(data.incident, word);
  }
  if (!isOwed(stage, place.host) || stage.wipedAt !== undefined) return;
  for (const [incident, status] of statuses) {
    if (parked.some((one) => one.includes(incident.slice(0, 64)))) continue;
    const text = [...bodies.values()].findLast((one) => one.includes(incident)) ?? '';
    if (text.includes('version.eol') || isInWrongCluster(stage, text)) continue;
    const state = endState(stage, incident.slice(0, 64), place.host);
    if (status !== 'resolved' && state === 'over')
      stage.violate('left open', `${place.host} was last told ${status}: ${text.slice(0, 400)}`);
  }
  const openNow = [...statuses]
    .filter(([, status]) => status !== 'resolved')
    .map(([incident]) => incident.slice(0, 64));
  for (const key of new Set(stage.wrongs.map(keyOf))) {
    if (endState(stage, key, place.host) !== 'open' || parked.some((one) => one.includes(key)) || openNow.includes(key))
      continue;
    stage.violate(
      'not open',
      `${place.host} does not know of ${JSON.stringify(stage.wrongs.findLast((wrong) => keyOf(wrong) === key))}`,
    );
  }
}

function judgeTruth(stage: AlertStage, place: Place, { incident, kind, since, text, facts }: Data): void {
  const { faults } = stage.scenario;
  const own = stage.wrongs.filter((wrong) => incident.startsWith(keyOf(wrong)));
  const at = Date.parse(since);
  if (kind === 'cluster.error' || kind === 'pool.error' || kind === 'cluster.stuck') {
    const isTrue = own.some(({ from, until }) => from <= at && at <= (until ?? at) + 31 * minuteMs);
    const isUpgrade = kind === 'cluster.stuck' && own.length === 0 && faults.has('gone');
    if (!isTrue && !isUpgrade) stage.violate('untrue', `${place.host} heard of ${kind} since ${since}: ${text}`);
    return;
  }
  if (kind === 'version.eol') {
    if (!stage.eolDates.has(String(facts.date)))
      stage.violate('untrue', `${place.host} heard of an end that was never set: ${text}`);
    return;
  }
  const isApi = faults.has('api') || faults.has('lies');
  const isTorn = faults.has('crash') || faults.has('sleep') || faults.has('store');
  const isPossible =
    (kind === 'destination.broken' ? faults.has('webhooks') : always.has(kind)) ||
    (/^(api|cluster\.unseen)/.test(kind) && faults.has('api')) ||
    (/^(cluster|pool)\.(gone|unseen)/.test(kind) && faults.has('gone')) ||
    (kind === 'rounds.missed' && (isTorn || isApi || text.includes(lostPart(stage) ?? '\n'))) ||
    (/^pool\.(late|stuck|refused|contended|unclear|changed-by-hand)$|^base\.unknown$/.test(kind) &&
      (isApi || isTorn || stage.wrongs.length > 0)) ||
    kind === 'config.mismatch';
  if (!isPossible) stage.violate('untrue', `${place.host} heard of ${kind}: ${text}`);
}

function isInWrongCluster(stage: AlertStage, text: string): boolean {
  const { data } = JSON.parse(text) as { data: { kind: string; subject: { clusterId?: string } } };
  return /^pool\.(late|stuck|refused|contended)$/.test(data.kind) && isClusterWrong(stage, data.subject.clusterId);
}
