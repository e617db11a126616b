import type { Subject } from '../../model/finding.ts';
import type { Json } from '../../model/json.ts';
import { isoTime } from '../../model/time.ts';
import type { Delivery } from '../incidents/delivery.ts';
import { bytesOf, clean, shorten } from './escape.ts';
import { describeStatus, readStatus } from './http-answer.ts';
import { messageOf, placeOf } from './message.ts';
import { type Shown, shrink } from './shrink.ts';
import { budgetOf, type OtherTarget } from './target.ts';

/**
 * PagerDuty Events API v2: 202 = queued there. A 400 about the routing key is a problem of the address, any other 400
 * of the body. About 120 events a minute and key. developer.pagerduty.com/docs/events-api-v2-overview
 */
export const pagerduty: OtherTarget = {
  pace: { burst: 20, everyMs: 600 },
  hosts: /^events(\.eu)?\.pagerduty\.com$/,
  url: 'https://events.pagerduty.com/v2/enqueue',
  keyField: 'routing_key',
  render: (delivery, { zone }) => renderPagerduty(delivery, zone, ...budgetOf(delivery)),
  classify: (answer) => {
    if (answer.status === 202) return { kind: 'accepted' };
    if (answer.status === 400 && /routing[_ ]key|integration key/i.test(answer.body)) {
      return { kind: 'address-failed', problem: `${describeStatus(answer.status)} (it does not know the routing key)` };
    }
    return readStatus(answer);
  },
};

/** developer.pagerduty.com/docs/send-alert-event. It takes 512 KB; a stored record, body included, takes 100 KB. */
const pagerdutyLimits = { summary: 1_024, dedupKey: 255 } as const;
export const pagerdutyBudget = 32_000;

type Body = { readonly [key: string]: Json };

/**
 * A trigger, or the resolve of the same key. The key contains incident and episode: an alert that was closed by hand
 * does not hide the next episode. The body has no routing key, since it is stored.
 */
function renderPagerduty(delivery: Delivery, zone: string, budget: number = pagerdutyBudget): Body {
  const { facts, key, episode } = delivery;
  const dedup_key = `${key}.${episode}`;
  // Keyed destinations get no notices, since nothing would close them. If one comes, it opens nothing.
  if (facts.what === 'resolve' || facts.what === 'notice') return { event_action: 'resolve', dedup_key };
  const message = messageOf(delivery, zone);
  const render = (shown: Shown) => ({
    event_action: 'trigger',
    dedup_key,
    client: 'Lamplighter',
    payload: {
      summary: shorten(shown.text, pagerdutyLimits.summary),
      source: clean(sourceOf(facts.subject)),
      severity: facts.severity,
      timestamp: isoTime(facts.since),
      ...partsOf(facts.subject),
      class: facts.kind,
      custom_details: { ...wholeText(shown), ...detailsOf(delivery.id, shown) },
    },
  });
  return shrink(message, render, (body) => bytesOf(JSON.stringify(body)) <= budget);
}

/** Text that does not fit into the summary goes into the details. */
function wholeText({ text }: Shown): Body {
  return text.length > pagerdutyLimits.summary ? { text } : {};
}

function detailsOf(id: string, { lines, details, cut }: Shown): Body {
  const named = [...lines, ...details].map(({ name, value }) => [name, value] as const);
  return { ...Object.fromEntries(named), ...(cut !== undefined && { note: cut }), delivery: id };
}

function sourceOf(subject: Subject): string {
  return subject.kind === 'cluster' || subject.kind === 'pool' ? subject.cluster : placeOf(subject);
}

function partsOf(subject: Subject): Body {
  if (subject.kind !== 'cluster' && subject.kind !== 'pool') return {};
  const component = subject.kind === 'pool' ? subject.pool : subject.cluster;
  return { component: clean(component), group: clean(subject.region) };
}
