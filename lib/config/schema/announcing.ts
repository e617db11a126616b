/** announce, links: who gets a message before pools are changed, and how people can keep them up. */
import * as v from 'valibot';
import { expected, may, need } from './complaint.ts';
import { durationIn, flag, listOf, mapFix, oneOrMany, secret, text } from './values.ts';

const fix = 'write { before: 30m, to: [dev-chat] }, or off';

const announcing = v.strictObject(
  {
    before: need(durationIn('m', 'h'), {
      says: 'How long before a scale-down the message is sent, 5m to 24h; at most a tick earlier.',
      type: 'duration',
    }),
    to: need(oneOrMany('names of destinations', text('the name of a destination')), {
      says: 'Who gets the message: names of destinations. Their `only` does not matter here.',
      type: 'name or list of names',
    }),
    raises: may(flag, { says: 'Announce scale-ups as well.', type: 'true or false', default: false }),
  },
  expected('{ before, to }, or off', fix),
);

const announce = v.union([v.literal('off'), announcing], expected('{ before, to }, or off', fix));

/** The key, as rules, schedules and defaults have it. */
export const announceKey = may(announce, {
  says: 'Send a message before a scale-down that will really happen. A rule’s own setting counts before its schedule’s, and that before `defaults`.',
  type: 'map or off',
  absent: 'no announcement',
});

export const digest = v.strictObject(
  {
    to: need(oneOrMany('names of destinations', text('the name of a destination')), {
      says: 'Who gets it: names of destinations.',
      type: 'name or list of names',
    }),
    every: need(text('a weekday and a time', 'write mon 08:00'), {
      says: 'When: a weekday and a time, in the config’s timezone.',
      type: 'weekday and time',
    }),
  },
  expected('{ to, every }', 'write { to: ops, every: mon 08:00 }'),
);

export const links = v.strictObject(
  {
    url: need(text('an address', 'write https://lamplighter.example.org'), {
      says: 'The address of `listen`, or of the function URL, as a browser reaches it: https://…, or http://127.0.0.1:9090.',
      type: 'URL',
    }),
    secret: need(oneOrMany('references to a secret', secret), {
      says: 'The secret that signs the links ("whsec_…", their own). Several while you replace one, newest first.',
      type: 'secret or list',
    }),
    most: may(durationIn('h', 'm'), {
      says: 'The longest time that a link keeps pools up, from their boundary on. A rule’s `leases` limit it too.',
      type: 'duration',
      default: '14h',
    }),
    choices: may(listOf('choices', text('a choice', 'write 2h, midnight or night')), {
      says: 'One link for each: a duration, midnight (in the config’s timezone), or night (until the schedule raises the pools again, or leaves them alone).',
      type: 'list of durations, midnight, night',
      default: '[2h, midnight, night]',
    }),
  },
  expected('a map of link keys', mapFix),
);
