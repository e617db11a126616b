import type { DestinationKind, EventSourceConfig } from '../../decide/compiled-config.ts';
import type { FindingKind, NoticeKind, Severity } from '../../decide/model.ts';

export const destinationKinds = [
  'slack',
  'teams',
  'discord',
  'mattermost',
  'pagerduty',
  'alertmanager',
  'webhook',
] as const satisfies readonly DestinationKind[];

export const eventSourceKinds = [
  'json',
  'cloudevents',
  'alertmanager',
  'eventbridge',
] as const satisfies readonly EventSourceConfig['kind'][];

export const formats = ['json', 'cloudevents', 'alertmanager-v4'] as const;

export const severities = ['critical', 'warning', 'info'] as const satisfies readonly Severity[];

/** Everything that can be told, each exactly once: a kind that is new in the model must be added here. */
const told: Record<FindingKind | NoticeKind, true> = {
  'api.unreachable': true,
  'api.refused': true,
  'token.cannot-scale': true,
  'cluster.unseen': true,
  'cluster.error': true,
  'pool.error': true,
  'cluster.stuck': true,
  'pool.stuck': true,
  'pool.late': true,
  'pool.refused': true,
  'pool.contended': true,
  'config.brake': true,
  'config.mismatch': true,
  'pool.unclear': true,
  'pool.outside-bounds': true,
  'base.unknown': true,
  'config.invalid': true,
  'version.eol': true,
  'token.expiry': true,
  'rounds.missed': true,
  'destination.broken': true,
  'cluster.gone': true,
  'pool.gone': true,
  'pool.changed-by-hand': true,
  started: true,
  'was-off': true,
};

type Told = FindingKind | NoticeKind;

export const incidentKinds = Object.keys(told) as [Told, ...Told[]];
