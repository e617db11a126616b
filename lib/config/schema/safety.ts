/** safety, watch, versions, store: limits, what is watched, and where the state is kept. */
import * as v from 'valibot';
import { tableName } from './aws-names.ts';
import { complaint, expected, may, need } from './complaint.ts';
import { duration, listOf, mapFix, matchText, oneOf, text, whole } from './values.ts';

const brakeFix = 'write { pools: 3, percent: 30 }, or off';

const brakeLimits = v.strictObject(
  {
    pools: may(whole(1), { says: 'Hold when more pools than this would be lowered.', type: 'number', default: 3 }),
    percent: may(whole(1, 100), {
      says: 'Hold when more than this share of the fleet’s nodes would go.',
      type: 'number',
      default: 30,
    }),
  },
  expected('{ pools, percent }, or off', brakeFix),
);

const brake = v.union([v.literal('off'), brakeLimits], expected('{ pools, percent }, or off', brakeFix));

export const safety = v.strictObject(
  {
    brake: may(brake, {
      says: 'The first scale-downs under a rule, and those caused only by a config change, wait for `lamplighter approve` when they are many.',
      type: 'map or off',
    }),
    maxChangesPerRound: may(whole(1), {
      says: 'The most scale-downs in one round (and part of a large fleet); the rest waits.',
      type: 'number',
      absent: 'off',
    }),
    minNodesPerCluster: may(whole(), {
      says: 'Lamplighter never leaves a cluster with fewer nodes than this.',
      type: 'number',
      default: 0,
    }),
    runsOn: may(matchText, { says: 'The pool that Lamplighter itself runs on: never below 1.', type: 'match' }),
  },
  expected('a map of safety rules', mapFix),
);

export const watch = v.strictObject(
  {
    clusters: may(
      v.union(
        [v.literal('all'), listOf('clusters', matchText)],
        expected('all, or a list of clusters', 'write all, or ["prod-*"]'),
      ),
      { says: 'Which clusters are watched.', type: 'all or list of matches', default: 'all' },
    ),
    stuckAfter: may(duration, {
      says: 'A change that takes longer than this is stuck.',
      type: 'duration',
      default: '30m',
    }),
    for: may(duration, {
      says: 'How long something must be wrong before it is sent.',
      type: 'duration',
      default: '5m',
    }),
    clear: may(duration, {
      says: 'How long it must be well again before its end is sent.',
      type: 'duration',
      default: '10m',
    }),
  },
  expected('a map of watch keys', mapFix),
);

const versionName = v.pipe(
  v.string(),
  v.regex(
    /^(?:0|[1-9]\d{0,3})(?:\.(?:0|[1-9]\d{0,3})){1,2}$/u,
    complaint('not a version of Kubernetes', 'write "1.35", or "1.35.2"'),
  ),
);

export const versions = v.record(
  versionName,
  v.strictObject(
    {
      eol: need(text('a day', 'write 2027-02-28'), {
        says: 'The day on which support ends (YYYY-MM-DD); warnings begin 90 days before.',
        type: 'date',
      }),
    },
    expected('{ eol }', 'write { eol: 2027-02-28 }'),
  ),
  expected('a map from versions to their ends', 'write versions: { "1.35": { eol: 2027-02-28 } }'),
);

export const store = v.strictObject(
  {
    kind: need(oneOf('a kind of store', ['sqlite', 'dynamodb']), {
      says: 'The kind of store.',
      type: 'sqlite, dynamodb',
    }),
    path: may(text('a path'), {
      says: 'sqlite: the file, relative to the config.',
      type: 'path',
      default: './lamplighter.db',
    }),
    table: may(tableName, { says: 'dynamodb: the table.', type: 'name' }),
  },
  expected('a store', 'write { kind: sqlite, path: ./lamplighter.db }'),
);
