/** destinations, silences, events, heartbeat: who gets messages, and who may send events. */

import * as v from 'valibot';
import type { EventSourceConfig } from '../../model/config.ts';
import { type DestinationKind, destinationKinds } from '../../model/destination-kind.ts';
import { type FindingKind, type NoticeKind, severities } from '../../model/finding.ts';
import { queueName } from './aws-names.ts';
import { complaint, expected, may, need } from './complaint.ts';
import { windowKeys } from './fleet.ts';
import {
  duration,
  durationIn,
  flag,
  listOf,
  mapFix,
  matchText,
  oneOf,
  oneOrMany,
  secret,
  text,
  whole,
} from './values.ts';

export const kindNames = Object.keys(destinationKinds) as [DestinationKind, ...DestinationKind[]];

const eventSourceKinds = [
  'json',
  'cloudevents',
  'alertmanager',
  'eventbridge',
] as const satisfies readonly EventSourceConfig['kind'][];

export const formats = ['json', 'cloudevents', 'alertmanager-v4', 'text'] as const;

/** Everything that can be told, each exactly once: a kind that is new in the model must be added here. */
const told: Record<FindingKind | NoticeKind, true> = {
  'api.unreachable': true,
  'api.refused': true,
  'clock.skewed': true,
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
  'calendar.stale': true,
  'token.expiry': true,
  'token.previous': true,
  'rounds.missed': true,
  'destination.broken': true,
  'cluster.gone': true,
  'pool.gone': true,
  'pool.changed-by-hand': true,
  started: true,
  'was-off': true,
  announcement: true,
  digest: true,
};

type Told = FindingKind | NoticeKind;

export const incidentKinds = Object.keys(told) as [Told, ...Told[]];

const address = v.union(
  [secret, text('an address')],
  expected('an address or a reference to one', 'write { awsSecret: name } or the like'),
);

const mailbox = v.pipe(
  v.string(expected('an email address', 'write ops@example.org')),
  v.regex(
    /^(?!\.)(?!.*\.[.@])[\x21-\x7e]{1,64}@(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/u,
    complaint('not an email address', 'write ops@example.org'),
  ),
  v.regex(/^[^"(),:;<>@[\\\]]+@[^@]+$/u, complaint('not a plain email address', 'write ops@example.org')),
);

const topicArn = v.pipe(
  v.string(expected('the ARN of an SNS topic', 'write arn:aws:sns:<region>:<account>:<name>')),
  v.regex(
    /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,251}(\.fifo)?$/u,
    complaint('not the ARN of an SNS topic', 'write arn:aws:sns:<region>:<account>:<name>'),
  ),
);

const headerName = v.pipe(
  v.string(),
  v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/u, complaint('not the name of a header', 'write X-Team or the like')),
);

const headers = v.record(
  headerName,
  v.union(
    [secret, text('a header’s value')],
    expected('a text or a reference to a secret', 'write { env: NAME } or the like'),
  ),
  expected('a map from names of headers to values', 'write { Authorization: { env: NAME } }'),
);

const kindList = v.pipe(
  listOf('kinds', oneOf('a kind of incident or notice', incidentKinds)),
  v.minLength(1, complaint('no kind is named, so it stands for nothing', 'name some, or remove the key')),
);

const only = v.strictObject(
  {
    severity: may(oneOf('a severity', severities), {
      says: 'Only this severity and worse.',
      type: 'severity',
      default: 'info',
    }),
    kinds: may(kindList, {
      says: 'Only these kinds of incidents and notices.',
      type: 'list of kinds',
      absent: 'all',
    }),
    clusters: may(
      v.pipe(
        listOf('clusters', matchText),
        v.minLength(1, complaint('no cluster is named, so it stands for nothing', 'name some, or remove the key')),
      ),
      {
        says: 'Only these clusters.',
        type: 'list of matches',
        absent: 'all',
      },
    ),
  },
  expected('{ severity, kinds, clusters }', mapFix),
);

export const destination = v.strictObject(
  {
    kind: need(oneOf('a kind of destination', kindNames), {
      says: 'The kind of service that gets the messages.',
      type: kindNames.join(', '),
    }),
    url: may(address, {
      says: 'The address. Chats: a reference, since their address is a secret. webhook and alertmanager: a reference or the address itself. email: smtps://host, or smtp://host for STARTTLS. pagerduty: only for its EU region.',
      type: 'secret or URL',
    }),
    key: may(secret, { says: 'pagerduty: where the integration key is kept.', type: 'secret' }),
    secret: may(oneOrMany('references to a secret', secret), {
      says: 'webhook: the signing secret (Standard Webhooks). Several while you replace one, newest first.',
      type: 'secret or list',
    }),
    format: may(oneOf('a format', formats), {
      says: 'webhook and sns: the format of the body.',
      type: formats.join(', '),
      default: 'json',
    }),
    headers: may(headers, {
      says: 'webhook and ntfy: more headers, such as Authorization. A secret value must be a reference to the whole value ("Bearer …").',
      type: 'map from names to text or secret',
    }),
    from: may(mailbox, { says: 'email: the sender.', type: 'email address' }),
    to: may(oneOrMany('email addresses', mailbox), {
      says: 'email: the recipients, 50 at most.',
      type: 'email address or list',
    }),
    user: may(text('the name of a user'), { says: 'email: the user name, if the server needs one.', type: 'text' }),
    password: may(secret, { says: 'email: where the password of that user is kept.', type: 'secret' }),
    topic: may(topicArn, { says: 'sns: the ARN of the topic.', type: 'text' }),
    only: may(only, { says: 'Which messages it gets.', type: 'map' }),
    fallback: may(text('the name of a destination'), {
      says: 'The destination that gets its critical messages while this one is broken.',
      type: 'name',
    }),
    retired: may(flag, {
      says: 'Send only the ends of what it was sent; nothing new.',
      type: 'true or false',
      default: false,
    }),
    insecure: may(flag, { says: 'Allow `http:`, and `smtp:` without TLS.', type: 'true or false', default: false }),
  },
  expected('a destination', mapFix),
);

export const silence = v.strictObject(
  {
    match: need(matchText, { says: 'Which clusters, or which pools.', type: 'match' }),
    kinds: may(kindList, {
      says: 'Only these kinds.',
      type: 'list of kinds',
      absent: 'all',
    }),
    ...windowKeys,
    from: may(text('a time such as "22:00", or a date and time', 'write "22:00", or 2026-12-01T20:00'), {
      says: 'As in a window; or a date and time from which it holds: 2026-12-01T20:00 (in its zone), or with an offset.',
      type: 'time, or date and time',
      absent: 'the whole day, always',
    }),
    to: may(text('a time such as "06:00", or a date and time', 'write "06:00", or 2026-12-02T06:00'), {
      says: 'As in a window; or, after a dated `from`, the date and time of its end.',
      type: 'time, or date and time',
      absent: 'the whole day',
    }),
    calendar: may(text('the name of a calendar'), {
      says: 'The silence holds only on the days of this calendar, all day or at its times. `actLike` and `size` of the calendar do not matter here.',
      type: 'name',
      absent: 'any day',
    }),
    timezone: may(text('a time zone'), {
      says: 'The zone of its times.',
      type: 'zone',
      absent: 'the config’s timezone',
    }),
    until: may(text('an instant'), {
      says: 'Its end, with an offset: 2026-12-31T18:00+01:00.',
      type: 'instant',
      absent: 'never',
    }),
    reason: may(text('a reason'), { says: 'The reason, for people.', type: 'text' }),
  },
  expected('a silence', 'write { match: "dev-*", days: sat-sun }'),
);

export const eventSource = v.strictObject(
  {
    kind: need(oneOf('a kind of event source', eventSourceKinds), {
      says: 'The format of its events.',
      type: eventSourceKinds.join(', '),
    }),
    secret: may(oneOrMany('references to a secret', secret), {
      says: 'HTTP: the signing secret (Standard Webhooks); alertmanager: the bearer token. Several while you replace one.',
      type: 'secret or list',
    }),
    queue: may(queueName, {
      says: 'SQS: the name of its own queue, a standard one.',
      type: 'name',
    }),
    when: may(v.record(v.string(), v.unknown(), expected('a map', 'write { alertname: QueueDeep }')), {
      says: 'alertmanager: labels that must be equal; eventbridge: an event pattern.',
      type: 'map',
      absent: 'every event',
    }),
    pool: may(text('a pool such as "prod-{{cluster}}/workers"'), {
      says: 'The pool it raises; {{name}} is replaced by a label of the alert or a field of the event. json and cloudevents name the pool in the event.',
      type: 'template',
    }),
    atLeast: may(whole(1), {
      says: 'The size it asks for. json and cloudevents have it in the event.',
      type: 'number',
    }),
    for: may(duration, { says: 'For how long. json and cloudevents have it in the event.', type: 'duration' }),
    may: need(listOf('pools', matchText), { says: 'The pools it may raise.', type: 'list of matches' }),
    most: may(whole(1), { says: 'The largest size it may ask for.', type: 'number', absent: 'the rule’s' }),
    longest: may(durationIn('h', 'm'), {
      says: 'The longest time it may ask for.',
      type: 'duration',
      absent: 'the rule’s',
    }),
  },
  expected('an event source', mapFix),
);

export const heartbeat = v.strictObject(
  {
    url: need(secret, { says: 'Where the address to call is kept.', type: 'secret' }),
    insecure: may(flag, { says: 'Allow `http:`.', type: 'true or false', default: false }),
  },
  expected('a heartbeat', 'write { url: { env: NAME } }'),
);
