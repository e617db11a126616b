import * as v from 'valibot';
import { digest, links } from './announcing.ts';
import { complaint, expected, may, need } from './complaint.ts';
import { destination, eventSource, heartbeat, silence } from './destinations-events.ts';
import { calendar, region, schedule } from './fleet.ts';
import { page, prices } from './page.ts';
import { defaults, exception, rule } from './rule.ts';
import { safety, store, versions, watch } from './safety.ts';
import { duration, durationIn, listOf, namesTo, oneOrMany, text, whole } from './values.ts';

/** Every key of a config. Its meaning and default are defined only here; the reference and editors use this. */
export const configSchema = v.strictObject(
  {
    timezone: may(text('a time zone'), {
      says: 'The zone of schedules and silences without their own, and of times in messages. Area/City, UTC or Etc/…; abbreviations and offsets are refused.',
      type: 'zone',
      absent: 'none; messages then use UTC',
    }),
    include: may(oneOrMany('paths', text('a path such as teams/*.yml', 'write teams/*.yml')), {
      says: 'More files of this config, relative to its folder: teams/*.yml. With *, ?, [ab] and {a,b}; never outside that folder. They may have calendars, schedules, pools, exceptions, silences, destinations and events.',
      type: 'path or list',
      absent: 'none',
    }),
    regions: need(namesTo('regions', region), {
      says: 'API endpoints and their tokens; you choose the names.',
      type: 'map',
    }),
    calendars: may(namesTo('calendars', calendar), {
      says: 'Named sets of dates, and what applies on them.',
      type: 'map',
    }),
    schedules: may(namesTo('schedules', schedule), { says: 'Named schedules.', type: 'map' }),
    defaults: may(defaults, { says: 'Values for rules without their own.', type: 'map' }),
    pools: may(listOf('rules', rule), { says: 'The rules, in order: the first match wins.', type: 'list of rules' }),
    exceptions: may(listOf('exceptions', exception), {
      says: 'Dated changes of schedules.',
      type: 'list of exceptions',
    }),
    safety: may(safety, { says: 'Limits on what a round may do.', type: 'map' }),
    watch: may(watch, { says: 'What is watched, and how long a problem must last.', type: 'map' }),
    destinations: may(namesTo('destinations', destination), { says: 'Where messages go.', type: 'map' }),
    silences: may(listOf('silences', silence), {
      says: 'Which messages are not sent, and when.',
      type: 'list of silences',
    }),
    events: may(namesTo('event sources', eventSource), {
      says: 'Sources of events that may ask for nodes.',
      type: 'map',
    }),
    digest: may(digest, {
      says: 'A weekly summary: what was saved, what went wrong, what comes next.',
      type: 'map',
      absent: 'none',
    }),
    links: may(links, {
      says: 'Links in announcements that let people keep pools up.',
      type: 'map',
      absent: 'the message shows a command',
    }),
    heartbeat: may(heartbeat, {
      says: 'A regular call for a dead man’s switch, as long as complete rounds happen.',
      type: 'map',
    }),
    store: may(store, { says: 'The store: where Lamplighter keeps its records.', type: 'map' }),
    every: may(duration, { says: 'The tick: how often a round runs, 1m to 15m.', type: 'duration', default: '5m' }),
    keep: may(durationIn('d'), {
      says: 'How long decisions and the delivery log are kept.',
      type: 'duration',
      default: '30d',
    }),
    versions: may(versions, {
      says: 'The end dates of Kubernetes versions for which the provider gives none. If the provider gives a date, that one counts.',
      type: 'map',
      absent: 'the provider’s dates',
    }),
    prices: may(prices, {
      says: 'What nodes cost, for the page and `lamplighter savings`.',
      type: 'map',
      absent: 'no money is shown',
    }),
    runbooks: may(
      v.pipe(
        text('an address', 'write https://wiki.example.org/lamplighter'),
        v.regex(
          /^https:\/\/[^\s#"'<>\\]{1,500}$/u,
          complaint('not an address that a chat can link to', 'write https://… without a #'),
        ),
      ),
      {
        says: 'The address of your copy of docs/runbooks.md. Alerts link to it, with `#pool.late` and so on.',
        type: 'address',
        absent: 'docs/runbooks.md',
      },
    ),
    page: may(page, {
      says: 'Who may see the page that `run --listen` serves.',
      type: 'map',
      absent: 'only this machine',
    }),
    listen: may(text('an address and port', 'write 127.0.0.1:9090'), {
      says: 'The address where `run` serves metrics, health and events: 127.0.0.1:9090.',
      type: 'host:port',
      absent: 'nowhere',
    }),
    maxConnections: may(whole(8, 2000), {
      says: 'The most connections that `listen` holds at a time. One more closes the connection that has been silent longest. Never more than half of the files that the process may open.',
      type: 'number',
      default: 256,
    }),
  },
  expected('a config', 'write its keys, one per line'),
);

/** Sections that a team's file may have; settings for the whole fleet are only in the main file. */
export const includedKeys = [
  'calendars',
  'schedules',
  'pools',
  'exceptions',
  'silences',
  'destinations',
  'events',
] as const satisfies readonly (keyof typeof configSchema.entries)[];

/** Every key of a file that a config includes. */
export const includedSchema = v.strictObject(
  v.pick(configSchema, includedKeys).entries,
  expected('an included file', 'write its keys, one per line'),
);

export type ConfigInput = v.InferOutput<typeof configSchema>;
