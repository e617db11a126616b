/** The names of all metrics: the same on /metrics of the single process and in CloudWatch's embedded format. */
export const metricNames = {
  poolObserved: 'lamplighter_pool_observed_nodes',
  poolDesired: 'lamplighter_pool_desired_nodes',
  poolHeld: 'lamplighter_pool_held',
  changes: 'lamplighter_changes_total',
  problems: 'lamplighter_round_problems',
  lastRound: 'lamplighter_last_round_timestamp_seconds',
  roundSeconds: 'lamplighter_round_duration_seconds',
  clusters: 'lamplighter_clusters',
  incidents: 'lamplighter_incidents',
  versionEol: 'lamplighter_version_eol_timestamp_seconds',
  tokenExpiry: 'lamplighter_token_expiry_timestamp_seconds',
  oldestDelivery: 'lamplighter_oldest_waiting_delivery_timestamp_seconds',
  /** CloudWatch only, whose alarms cannot subtract an instant from now. */
  oldestDeliveryAge: 'lamplighter_oldest_waiting_delivery_age_seconds',
  waitingDeliveries: 'lamplighter_waiting_deliveries',
  apiCalls: 'lamplighter_api_calls_total',
  events: 'lamplighter_events_total',
  requests: 'lamplighter_http_requests_total',
} as const;
