/** announce: who is told before pools are changed. */
import * as v from 'valibot';
import { expected, may, need } from './complaint.ts';
import { durationIn, flag, oneOrMany, text } from './values.ts';

const fix = 'write { before: 30m, to: [dev-chat] }, or off';

const announcing = v.strictObject(
  {
    before: need(durationIn('m', 'h'), {
      says: 'How long before a scale-down it is told, 5m to 24h; a tick earlier at most.',
      type: 'duration',
    }),
    to: need(oneOrMany('names of destinations', text('the name of a destination')), {
      says: 'Who is told, by the names of destinations; what they take otherwise (`only`) makes no difference.',
      type: 'name or list of names',
    }),
    raises: may(flag, { says: 'Before scale-ups as well.', type: 'true or false', default: false }),
  },
  expected('{ before, to }, or off', fix),
);

const announce = v.union([v.literal('off'), announcing], expected('{ before, to }, or off', fix));

/** The key, as rules, schedules and defaults have it. */
export const announceKey = may(announce, {
  says: 'Tell somebody before a scale-down that will really happen; a rule’s own counts before its schedule’s, and that before `defaults`.',
  type: 'map or off',
  absent: 'nobody is told before',
});
