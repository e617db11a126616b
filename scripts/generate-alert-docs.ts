/** Writes the examples in docs/alerts.md: one story, rendered for each target by what renders it in operation. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { type Delivery, type DeliveryFacts, deliveryId, unsent } from '../lib/decide/incidents/delivery.ts';
import { incidentKey } from '../lib/decide/incidents/incident.ts';
import { renderAlerts } from '../lib/decide/messages/alertmanager.ts';
import { withRunbook } from '../lib/decide/messages/message.ts';
import { render } from '../lib/decide/messages/render.ts';
import { openBatch, toMember } from '../lib/decide/outbox/batch.ts';
import type { DestinationConfig } from '../lib/model/config.ts';

const page = new URL('../docs/alerts.md', import.meta.url);
const minuteMs = 60_000;
const runbooks = 'https://wiki.example.org/lamplighter';
/** Tuesday morning: a pool that should have been awake since 07:00 in Berlin is not. */
const boundary = Date.UTC(2026, 10, 24, 6);
const openedAt = boundary + 50 * minuteMs;
const endedAt = openedAt + 22 * minuteMs;

const subject = {
  kind: 'pool',
  region: 'r1',
  clusterId: '5f0c2f34-8a52-4d3a-9f5e-0d6c3a1b7e42',
  poolId: '0b9e7c1d-64b1-4c7b-8a0f-3d2e5f6a7b8c',
  cluster: 'dev-api',
  pool: 'workers',
} as const;

const late: DeliveryFacts = {
  what: 'open',
  kind: 'pool.late',
  subject,
  severity: 'critical',
  text: 'dev-api/workers should be at 3 and is at 0 (Scaling): schedule office-hours: base (3)',
  fix: 'run: lamplighter explain "dev-api/workers", and look at the pool in the console',
  did: 'asked for 3 at 2026-11-24T06:00:00Z, not done yet',
  since: boundary + 45 * minuteMs,
  until: undefined,
  cause: undefined,
  worst: 'critical',
  facts: { wanted: '3', seen: '0', status: 'Scaling' },
  at: openedAt,
};
const over: DeliveryFacts = { ...late, what: 'resolve', until: endedAt, cause: 'recovered', at: endedAt };

/** The whole page with its examples as they are now. */
export function renderExamples(text: string): string {
  return text.replace(
    /(<!-- example: ([\w-]+) -->\n)[^]*?(?=<!-- end of example -->)/g,
    (_, head: string, name: string) => `${head}\n${fenced(exampleOf(name))}\n\n`,
  );
}

function fenced(example: unknown): string {
  const [language, text] =
    typeof example === 'string' ? ['text', example] : ['json', JSON.stringify(example, undefined, 2)];
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function exampleOf(name: string): unknown {
  switch (name) {
    case 'alertmanager':
      return renderAlerts(
        [{ key: keyOf(late), facts: withRunbook(late, runbooks) }],
        openedAt + 15 * minuteMs,
        'Europe/Berlin',
      );
    case 'slack-batch':
      return rendered(aBatch(), { kind: 'slack', format: 'json' });
    case 'pagerduty-resolve':
      return rendered(aDelivery(over, 2), { kind: 'pagerduty', format: 'json' });
    case 'webhook-resolve':
      return rendered(aDelivery(over, 2), { kind: 'webhook', format: 'json' });
    case 'webhook':
    case 'cloudevents':
    case 'alertmanager-v4':
    case 'text':
      return rendered(aDelivery(late, 1), { kind: 'webhook', format: name === 'webhook' ? 'json' : name });
    default:
      return rendered(aDelivery(late, 1), { kind: name as DestinationConfig['kind'], format: 'json' });
  }
}

type Item = Parameters<typeof render>[0];

function rendered(item: Item, target: Pick<DestinationConfig, 'kind' | 'format'>): unknown {
  const body = render(item, { name: 'ops', zone: 'Europe/Berlin', runbooks, ...target });
  return target.format === 'text' ? body : JSON.parse(body);
}

function aDelivery(facts: DeliveryFacts, sequence: number): Delivery {
  const [key, episode, destination] = [keyOf(facts), boundary, 'ops~1a2b3c4d'];
  const id = deliveryId(key, episode, sequence, destination, sha256);
  return { schema: 1, id, destination, key, episode, sequence, facts, queuedAt: facts.at, ...unsent };
}

/** Seven pools at once. */
function aBatch(): Item {
  const deliveries = Array.from({ length: 7 }, (_, n) => {
    const cluster = `dev-${n + 1}`;
    const text = late.text.replaceAll('dev-api', cluster);
    return aDelivery({ ...late, text, subject: { ...subject, clusterId: cluster, cluster } }, 1);
  });
  const [first] = deliveries;
  if (first === undefined) throw new RangeError('a batch has members');
  return { ...openBatch(first.destination, first, openedAt, sha256), members: deliveries.map(toMember) };
}

function keyOf({ subject: about }: DeliveryFacts): string {
  return incidentKey('pool.late', about, sha256);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

if (import.meta.main) await writeFile(page, renderExamples(await readFile(page, 'utf8')));
