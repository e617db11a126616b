import type { Subject } from '../../model/finding.ts';
import type { Json } from '../../model/json.ts';
import { type EpochMs, isoTime } from '../../model/time.ts';
import type { Delivery, DeliveryFacts } from '../incidents/delivery.ts';
import { bytesOf, clean, inert } from './escape.ts';
import { readStatus } from './http-answer.ts';
import { messageOf, tellInstants } from './message.ts';
import { type Shown, shrink } from './shrink.ts';
import type { OtherTarget } from './target.ts';

/** Alertmanager's own API, below the configured address. Open incidents are pushed there, not delivered. */
export const alertmanager: OtherTarget = {
  pace: { burst: 10, everyMs: 100 },
  path: '/api/v2/alerts',
  render: (delivery, { name, zone }) => renderAlertmanagerV4(delivery, name, zone),
  classify: (answer) => (answer.status === 200 ? { kind: 'confirmed' } : readStatus(answer)),
};

/** A body is stored before it is sent, and a record takes 100 KB in all. */
export const alertmanagerBudget = 32_000;

type Body = { readonly [key: string]: Json };
type Labels = { readonly [name: string]: string };

/** Prometheus's zero time: what a firing alert's end looks like in a webhook. */
const noEnd = '0001-01-01T00:00:00Z';

/** Only what identifies the alert, and the severity for routing: a changed label would be another alert. */
function labelsOf({ kind, severity, subject }: Pick<DeliveryFacts, 'kind' | 'severity' | 'subject'>): Labels {
  return { alertname: kind, severity, source: 'lamplighter', ...namesOf(subject) };
}

/** One message of Alertmanager's webhook, version 4: prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export function renderAlertmanagerV4(
  delivery: Delivery,
  receiver: string,
  zone: string,
  budget: number = alertmanagerBudget,
): Body {
  const { facts, key, episode } = delivery;
  const labels = labelsOf(facts);
  // A notice never ends, so as "firing" it would stay for ever.
  const status = facts.what === 'resolve' || facts.what === 'notice' ? 'resolved' : 'firing';
  const end = facts.what === 'notice' ? facts.since : (facts.until ?? facts.at);
  const endsAt = status === 'resolved' ? isoTime(end) : noEnd;
  const render = (shown: Shown) => {
    const annotations = annotationsOf(shown, delivery.id);
    const alert = { status, labels, annotations, startsAt: isoTime(facts.since), endsAt, generatorURL: '' };
    return {
      version: '4',
      groupKey: `{}:{incident="${key}.${episode}"}`,
      truncatedAlerts: 0,
      status,
      receiver,
      groupLabels: { alertname: facts.kind },
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL: '',
      alerts: [{ ...alert, fingerprint: key.slice(0, 16) }],
    };
  };
  return shrink(messageOf(delivery, zone), render, (body) => bytesOf(JSON.stringify(body)) <= budget);
}

export type OpenIncident = {
  readonly key: string;
  readonly facts: Pick<DeliveryFacts, 'kind' | 'severity' | 'subject' | 'text' | 'fix' | 'since' | 'until' | 'runbook'>;
};

/**
 * Open incidents in the form of Alertmanager's own API (POST /api/v2/alerts). Each alert ends at `staleAt` unless it is
 * sent again; what is over is sent with its end. prometheus.io/docs/alerting/latest/alerts_api
 */
export function renderAlerts(incidents: readonly OpenIncident[], staleAt: EpochMs, zone: string): readonly Body[] {
  return incidents.map(({ facts }) => ({
    labels: labelsOf(facts),
    annotations: {
      summary: inert(tellInstants(clean(facts.text), zone)),
      ...(facts.fix !== undefined && { fix: inert(tellInstants(clean(facts.fix), zone)) }),
      ...(facts.runbook !== undefined && { runbook_url: facts.runbook }),
    },
    startsAt: isoTime(facts.since),
    endsAt: isoTime(facts.until ?? staleAt),
  }));
}

function annotationsOf({ text, lines, details, cut }: Shown, id: string): Labels {
  const named = [...lines, ...details].map(({ name, value }) => `${name}: ${value}`);
  const description = named.length === 0 ? {} : { description: inert(named.join('\n')) };
  return { summary: inert(text), ...description, ...(cut !== undefined && { cut }), delivery: id };
}

function namesOf(subject: Subject): Labels {
  switch (subject.kind) {
    case 'region':
      return { region: subject.region };
    case 'cluster':
      return { region: subject.region, cluster: subject.cluster, cluster_id: subject.clusterId };
    case 'pool': {
      const { region, cluster, clusterId, pool, poolId } = subject;
      return { region, cluster, cluster_id: clusterId, pool, pool_id: poolId };
    }
    case 'destination':
      return { destination: subject.destination };
    case 'secret':
      return { secret: subject.reference };
    case 'config':
      return { path: subject.path };
    case 'fleet':
      return {};
  }
}
