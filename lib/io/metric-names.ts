import type { EpochMs } from '../model/time.ts';

/** The names of all metrics: the same on /metrics of the single process and in CloudWatch's embedded format. */
export const metricNames = {
  poolNodes: 'lamplighter_pool_nodes',
  poolObserved: 'lamplighter_pool_observed_nodes',
  poolDesired: 'lamplighter_pool_desired_nodes',
  poolHeld: 'lamplighter_pool_held',
  changes: 'lamplighter_changes_total',
  nodeHours: 'lamplighter_node_hours_total',
  nodeHoursSaved: 'lamplighter_node_hours_saved_total',
  problems: 'lamplighter_round_problems',
  buildInfo: 'lamplighter_build_info',
  lastRound: 'lamplighter_last_round_timestamp_seconds',
  roundSeconds: 'lamplighter_round_duration_seconds',
  clusters: 'lamplighter_clusters',
  incidents: 'lamplighter_incidents',
  versionEol: 'lamplighter_version_eol_timestamp_seconds',
  tokenExpiry: 'lamplighter_token_expiry_timestamp_seconds',
  oldestDelivery: 'lamplighter_oldest_waiting_delivery_timestamp_seconds',
  /** CloudWatch only, since its alarms cannot subtract a time from now. */
  oldestDeliveryAge: 'lamplighter_oldest_waiting_delivery_age_seconds',
  waitingDeliveries: 'lamplighter_waiting_deliveries',
  apiCalls: 'lamplighter_api_calls_total',
  events: 'lamplighter_events_total',
  requests: 'lamplighter_http_requests_total',
  /** CloudWatch only: failures in one run of accept-events. The single process has the two above. */
  eventsRefused: 'lamplighter_events_refused',
  eventsNotStored: 'lamplighter_events_not_stored',
  eventsUnauthorized: 'lamplighter_events_unauthorized',
} as const;

export type MetricName = (typeof metricNames)[keyof typeof metricNames];

export type MetricValues = { readonly [name in MetricName]?: number };

export type EmbeddedRun = {
  /** "lamplighter-prod". */
  readonly installation: string;
  readonly job: string;
  readonly at: EpochMs;
  readonly values: MetricValues;
};

/** Only what alarms and graphs need: each CloudWatch metric costs money every month. The rest stays in the log line. */
const extracted: readonly (keyof MetricValues)[] = [
  metricNames.lastRound,
  metricNames.oldestDeliveryAge,
  metricNames.eventsRefused,
  metricNames.eventsNotStored,
  metricNames.eventsUnauthorized,
];

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
