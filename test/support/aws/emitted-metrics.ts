/** What the functions write for CloudWatch to read: each job's own report of a round, as the line it becomes. */

import type { Container } from '../../../functions/container.ts';
import { reportTroubles, troublesOf } from '../../../functions/event-troubles.ts';
import { reportDelivering, reportScaling, reportWatching } from '../../../functions/report-rounds.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { embeddedLine } from '../../../lib/io/metric-names.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';

export type Metric = {
  readonly namespace: string;
  readonly name: string;
  /** name → value. */
  readonly dimensions: { readonly [name: string]: string };
};

type Line = { readonly [field: string]: unknown; readonly _aws: { readonly CloudWatchMetrics: readonly Directive[] } };
type Directive = {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string }[];
};

/** Every metric of an installation after one good round of each job. */
export async function emittedMetrics(installation: string): Promise<readonly Metric[]> {
  const lines: string[] = [];
  const container = {
    app: { parts: { store: makeMemoryStore({ newId: randomId }), clock: { now: () => 0 } } },
    config: { destinations: [] },
    log: silentLog,
    report: (job, values) => void lines.push(embeddedLine({ installation, job, at: 0, values })),
  } as Pick<Container, 'report'> as Container;
  const scaled = { plan: { holds: [] }, problems: [], results: [], clusters: 0, pools: 0 };
  reportScaling(container, scaled as unknown as Parameters<typeof reportScaling>[1], true);
  const watched = { at: 0, clusters: 0, problems: [], opened: 0, resolved: 0 };
  reportWatching(container, watched as unknown as Parameters<typeof reportWatching>[1]);
  await reportDelivering(container, { problems: [] } as unknown as Parameters<typeof reportDelivering>[1]);
  troublesOf(container).tell({ what: 'event not authorized', source: undefined, reason: 'a test' });
  reportTroubles(container);
  return lines.flatMap((line) => metricsIn(JSON.parse(line) as Line));
}

function metricsIn(line: Line): readonly Metric[] {
  return line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(line[name])]));
      return Metrics.map(({ Name }) => ({ namespace: Namespace, name: Name, dimensions }));
    }),
  );
}
