/** defaults, pools, exceptions: which pools have which sizes. */
import * as v from 'valibot';
import { announceKey } from './announcing.ts';
import { complaint, expected, may, need } from './complaint.ts';
import { base, duration, durationIn, flag, mapFix, matchText, oneOf, size, term, text, whole } from './values.ts';

const limits = v.strictObject(
  {
    min: may(whole(), {
      says: 'Never fewer nodes than this. To allow 0, write 0.',
      type: 'number',
      default: 1,
    }),
    max: may(whole(), { says: 'Never more nodes than this.', type: 'number', absent: 'no limit' }),
  },
  expected('{ min, max }', 'write { min: 0, max: 10 }'),
);

const leases = v.strictObject(
  {
    max: may(whole(1), {
      says: 'The most nodes that leases can ask for.',
      type: 'number',
      absent: '`limits.max`, else the base',
    }),
    longest: may(durationIn('h', 'm'), {
      says: 'The longest time a lease may last.',
      type: 'duration',
      default: '24h',
    }),
  },
  expected('{ max, longest }', 'write { max: 8, longest: 8h }'),
);

const sharedKeys = {
  base: may(base, {
    says: 'The full size: a number, { min, max } for an autoscaled pool, or remembered (the last size seen while the schedule says base).',
    type: 'size or remembered',
    default: 'remembered',
  }),
  idle: may(size, { says: 'The small size. Needed if the schedule says idle.', type: 'size' }),
  limits: may(limits, { says: 'Limits for schedules, leases and overrides; not for what a person sets.', type: 'map' }),
  leases: may(leases, { says: 'Limits for what events and people may ask for in addition.', type: 'map' }),
  mode: may(oneOf('a mode', ['act', 'observe']), {
    says: 'observe: show what would be done, change nothing.',
    type: 'act or observe',
    default: 'act',
  }),
  onHumanChange: may(oneOf('a way', ['respect', 'enforce']), {
    says: 'respect: a size that a person set is kept until the schedule next says something else, 24 h at most. enforce: it is changed back.',
    type: 'respect or enforce',
    default: 'respect',
  }),
  onRemove: may(oneOf('a way', ['restore', 'leave']), {
    says: 'When the rule is removed while a pool is below its base: restore the base, or leave the pool as it is.',
    type: 'restore or leave',
    default: 'restore',
  }),
  grace: may(duration, { says: 'A pool younger than this is not lowered.', type: 'duration', default: '30m' }),
  announce: announceKey,
};

export const defaults = v.strictObject(
  {
    region: may(text('the name of a region'), {
      says: 'The region of every rule, exception and event whose match names no region.',
      type: 'name',
      absent: 'any region',
    }),
    ...sharedKeys,
  },
  expected('defaults', mapFix),
);

/** As Kubernetes has them: a name of 63 characters, with or without the domain it belongs to before a slash. */
const labelKey = v.pipe(
  v.string(),
  v.regex(
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/u,
    complaint('not the key of a label', 'write it as the pool has it: team, or example.org/team'),
  ),
);

const labels = v.record(
  labelKey,
  v.string(expected('the value of a label', 'write it in quotes')),
  expected('labels', 'write { team: data }'),
);

export const rule = v.strictObject(
  {
    match: need(matchText, {
      says: 'Which pools: cluster/pool or region:cluster/pool, with *, ?, [ab] and {a,b} in each part. The first rule that matches a pool counts.',
      type: 'match',
    }),
    labels: may(labels, {
      says: 'Only pools that have all of these labels. Keys are exact; values may be patterns, as in a match.',
      type: 'map from keys to values',
      absent: 'any labels',
    }),
    schedule: need(text('the name of a schedule, or none'), {
      says: 'A schedule, or none: the pool is watched, never changed (the same as no rule).',
      type: 'name or none',
    }),
    ...sharedKeys,
    everyPool: may(flag, {
      says: 'Confirms that a fixed base with a glob is intended: every pool that matches gets that size.',
      type: 'true or false',
      default: false,
    }),
  },
  expected('a rule', 'write { match: "dev-*/*", schedule: office-hours, idle: 1 }'),
);

export const exception = v.strictObject(
  {
    match: need(matchText, { says: 'Which pools; without a slash, all pools of these clusters.', type: 'match' }),
    start: need(text('a date and time'), {
      says: 'From when: 2026-12-23T18:00 (in each schedule’s zone), or with an offset.',
      type: 'date and time',
    }),
    end: need(text('a date and time'), { says: 'Until when, not included; same forms.', type: 'date and time' }),
    size: need(term, {
      says: 'The size during that time. If several exceptions overlap, the largest counts.',
      type: 'base, idle, leave or size',
    }),
    reason: may(text('a reason'), { says: 'The reason, for people; shown by `explain`.', type: 'text' }),
  },
  expected('an exception', 'write { match, start, end, size }'),
);
