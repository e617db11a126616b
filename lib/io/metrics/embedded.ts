import type { EpochMs } from '../../decide/model.ts';
import { metricNames as names } from './names.ts';

export type MetricValues = { readonly [name in (typeof names)[keyof typeof names]]?: number };

export type EmbeddedRun = {
  /** "lamplighter-prod". */
  readonly installation: string;
  readonly job: string;
  readonly at: EpochMs;
  readonly values: MetricValues;
};

/** What alarms and graphs need. Each further metric of CloudWatch costs money every month; the rest stays in the log line. */
const extracted: readonly (keyof MetricValues)[] = [names.lastRound, names.problems, names.oldestDeliveryAge];

/**
 * One line of CloudWatch's embedded metric format, without a line break. The values that are no metrics there are fields
 * of the same line: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedLine({ installation, job, at, values }: EmbeddedRun): string {
  const known = extracted.filter((name) => values[name] !== undefined);
  const directive = {
    Namespace: 'Lamplighter',
    Dimensions: [['installation', 'job']],
    Metrics: known.map((name) => ({ Name: name, Unit: name.endsWith('_seconds') ? 'Seconds' : 'Count' })),
  };
  const metadata = { Timestamp: at, CloudWatchMetrics: known.length > 0 ? [directive] : [] };
  return JSON.stringify({ _aws: metadata, message: 'metrics', installation, job, ...values });
}
