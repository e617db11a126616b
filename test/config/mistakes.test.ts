import { describe, expect, test } from 'vitest';
import { head, problemsOf } from './compile-text.ts';

type Mistake = {
  readonly title: string;
  /** Each § marks the place of a problem; it is taken out before compiling. */
  readonly text: string;
  /** A piece of each problem's message and of its fix, in file order. */
  readonly want: readonly (readonly [message: string, fix: string])[];
};

const base = 'regions: { r1: { api: eumetsat-r1, token: { env: T } } }\n';
const rule = (keys: string) => `${head}pools:\n  - { match: "a/b", schedule: office, idle: 1, ${keys} }\n`;
const schedule = (keys: string) => `${base}timezone: UTC\nschedules: { s: { ${keys} } }\n`;
const window = (keys: string) => schedule(`otherwise: base, windows: [{ ${keys} }]`);
const destination = (keys: string) => `${base}destinations:\n  d: { ${keys} }\n`;
const events = (keys: string) => `${base}events:\n  e: { ${keys} }\n`;
const announce = (keys: string, rest = '') =>
  `${base}timezone: UTC\ndestinations: { ops: { kind: slack, url: { env: U } }, pager: { kind: pagerduty, key: { env: K } } }\nschedules: { office: { otherwise: base } }\npools:\n  - { match: "a/b", schedule: office, announce: ${keys}${rest} }\n`;
const region = (keys: string) => `regions: { r1: { ${keys} } }\n`;

const announcing: readonly Mistake[] = [
  {
    title: 'nobody known',
    text: announce('{ before: 30m, to: §op }'),
    want: [['no destination "op"', 'did you mean "ops"']],
  },
  {
    title: 'a pager',
    text: announce('{ before: 30m, to: [ops, §pager] }'),
    want: [['takes only problems', 'a chat']],
  },
  { title: 'nobody', text: announce('{ before: 30m, to: §[] }'), want: [['nobody is told', 'name a destination']] },
  { title: 'too short', text: announce('{ before: §1m, to: ops }'), want: [['too short', '5m to 24h']] },
  { title: 'too long', text: announce('{ before: §2d, to: ops }'), want: [['too long', '5m to 24h']] },
  { title: 'no duration', text: announce('{ before: §30, to: ops }'), want: [['expected a duration', '30m or 30h']] },
  { title: 'another word', text: announce('§later'), want: [['expected { before, to }, or off', 'before: 30m']] },
];

/** Each mistake is said once, where it stands, also where it is the only thing in its list. */
const lists: readonly Mistake[] = [
  {
    title: 'a secret of events',
    text: events('kind: json, may: ["a/b"], secret: [§""]'),
    want: [['expected a reference to a secret', 'where it is kept']],
  },
  {
    title: 'a number for a secret of links',
    text: `${announce('{ before: 30m, to: ops }')}links: { url: "https://lamp.example.org", secret: [§5] }\n`,
    want: [['expected a reference to a secret', 'where it is kept']],
  },
  {
    title: 'the second secret of a webhook, and a key of the first',
    text: destination('kind: webhook, url: { env: U }, secret: [{ §evn: A }, §""]'),
    want: [
      ['unknown key "evn"', 'did you mean "env"'],
      ['expected a reference to a secret', 'where it is kept'],
    ],
  },
  {
    title: 'a destination of a digest',
    text: `${base}destinations: { ops: { kind: slack, url: { env: U } } }\ndigest: { to: [§""], every: mon 08:00 }\n`,
    want: [['expected the name of a destination', 'text']],
  },
  {
    title: 'a destination behind one that is none',
    text: announce('{ before: 30m, to: [§"", §op] }'),
    want: [
      ['expected the name of a destination', 'text'],
      ['no destination "op"', 'did you mean "ops"'],
    ],
  },
  {
    title: 'a program',
    text: region('api: eumetsat-r1, token: { command: [§""] }'),
    want: [['a program or an argument', 'text']],
  },
];

const digest = (keys: string) =>
  `${base}destinations: { ops: { kind: slack, url: { env: U } }, pager: { kind: pagerduty, key: { env: K } } }\ndigest: { ${keys} }\n`;
const digesting: readonly Mistake[] = [
  {
    title: 'nobody known',
    text: digest('to: §op, every: mon 08:00'),
    want: [['no destination "op"', 'did you mean "ops"']],
  },
  { title: 'a pager', text: digest('to: [§pager], every: mon 08:00'), want: [['takes only problems', 'a chat']] },
  { title: 'no weekday', text: digest('to: ops, every: §"08:00"'), want: [['names no weekday', 'write mon 08:00']] },
  { title: 'no such weekday', text: digest('to: ops, every: §moon 08:00'), want: [['moon', 'mon 08:00']] },
  { title: 'no time', text: digest('to: ops, every: §mon 25:00'), want: [['not a time of day', 'mon 08:00']] },
];
const withLinks = (keys: string) => `${announce('{ before: 30m, to: ops }')}links: { secret: { env: S }, ${keys} }\n`;
const linking: readonly Mistake[] = [
  { title: 'no address', text: withLinks('url: §example'), want: [['not an address', 'https://host']] },
  {
    title: 'in the clear',
    text: withLinks('url: §"http://lamp.example.org"'),
    want: [['could read and use a link', 'https://host']],
  },
  {
    title: 'with a query',
    text: withLinks('url: §"https://a.example/?x=1"'),
    want: [['not an address', 'https://host']],
  },
  { title: 'too long', text: withLinks('url: "https://a.example", most: §30d'), want: [['not between', '14h']] },
  {
    title: 'another choice',
    text: withLinks('url: "https://a.example", choices: [2h, §noon]'),
    want: [['"noon" is no choice', 'midnight']],
  },
  {
    title: 'above most',
    text: withLinks('url: "https://a.example", most: 2h, choices: [§3h]'),
    want: [['longer than most', 'raise links.most']],
  },
  {
    title: 'no choice',
    text: withLinks('url: "https://a.example", choices: §[]'),
    want: [['no choice', '[2h, midnight']],
  },
  {
    title: 'no secret',
    text: withLinks('url: "https://a.example"').replace('links: { secret: { env: S },', 'links: §{'),
    want: [['"secret" is missing', 'add "secret:"']],
  },
];

const yaml: readonly Mistake[] = [
  { title: 'an empty file', text: '§', want: [['not a map', 'regions']] },
  { title: 'a list', text: '§- a\n', want: [['not a map', 'regions']] },
  { title: 'a duplicate key', text: `${base}every: 5m\n§every: 6m\n`, want: [['twice', 'keep one']] },
  {
    title: 'a duplicate name',
    text: 'regions:\n  a: { api: eumetsat-r1, token: { env: T } }\n  §a: { api: eumetsat-r1, token: { env: T } }\n',
    want: [['twice', 'keep one']],
  },
  { title: 'an open bracket', text: `${base}pools: [§\n`, want: [['not valid YAML', 'brackets']] },
  {
    title: 'a key that was broken off, said once',
    text: `${base}safety:\n  §brake\n  maxChanges: 3\nwatch:\n  clusters: all\n`,
    want: [['not valid YAML', 'brackets']],
  },
  {
    title: 'a pasted secret after a key that was broken off',
    text: `${base}safety:\n  §brake\n  maxChanges: 3\n# §xoxb-${'1234567890-'.repeat(3)}abc\n`,
    want: [
      ['not valid YAML', 'brackets'],
      ['looks like', 'revoke'],
    ],
  },
  { title: 'two documents', text: `${base}§---\n${base}`, want: [['a second YAML document', 'keep one per file']] },
  {
    title: 'an unquoted star',
    text: `${head}pools:\n  - { match: §*/workers, schedule: none }\n`,
    want: [['must be quoted', '"*/workers"']],
  },
  {
    title: 'an own tag',
    text: `${base}keep: §!days §30\n`,
    want: [
      ['not understood', 'remove'],
      ['"30" is not a duration', ''],
    ],
  },
  { title: 'YAML 1.1', text: `§%YAML 1.1\n---\n${base}`, want: [['YAML 1.1', 'remove the %YAML line']] },
  { title: 'an octal number', text: rule('base: §017'), want: [['leading zero', 'without the zero']] },
  ...[
    ['a dated start and a time', 'from: 2026-12-01T20:00, to: §"22:00"', 'from is a date, but to is not', 'to: 2026-'],
    ['a time and a dated end', 'from: "22:00", to: §2026-12-01T20:00', 'from is not', 'write until:'],
    ['a dated end alone', 'to: §2026-12-01T20:00', 'from is missing', 'write until:'],
    ['a start without an end', 'from: §2026-12-01T20:00', 'never ends', 'add to:'],
    ['a start without a time', 'from: §2026-12-01, to: 2026-12-02T20:00', 'no time of day', 'write 2026-12-01T00:00'],
    [
      'a day that is none',
      'from: §2026-13-01T20:00, to: 2026-12-02T20:00',
      'is not a date and time',
      '2026-12-01T20:00',
    ],
    ['an end that is none', 'from: 2026-11-01T20:00, to: §2026-11-31T20:00', 'is not a date and time', '2026-12-01T'],
    ['no length', 'from: 2026-12-01T20:00, to: §2026-12-01T20:00', 'at the moment it begins', 'later end'],
    [
      'times that the clocks skip',
      'timezone: Europe/Berlin, from: 2027-03-28T02:10, to: §2027-03-28T02:50',
      'at the moment it begins',
      'clocks skip',
    ],
    ['an end before its start', 'from: 2026-12-02T20:00, to: §2026-12-01T20:00', 'before it begins', 'swap'],
    [
      'two ends',
      'from: 2026-12-02T20:00, to: 2026-12-03T20:00, until: §2027-01-01T00:00Z',
      'both say when it ends',
      'keep one',
    ],
    ['an unknown calendar', 'calendar: §holidays', 'no calendar "holidays"', ''],
  ].map(([title = '', keys = '', message = '', fix = '']): Mistake => {
    return {
      title: `a silence with ${title}`,
      text: `${head}silences: [{ match: "a", ${keys} }]\n`,
      want: [[message, fix]],
    };
  }),
  ...[
    ['over http', 'ics: §"http://example.org/a.ics"', 'an address over http:', 'insecure: true'],
    ['over webcal', 'ics: §"webcal://example.org/a.ics"', 'another name for https:', 'write https:'],
    ['over ftp', 'ics: §"ftp://example.org/a.ics"', 'not an http(s) address', 'https://host/path'],
    [
      'with a password',
      'ics: "§https://user:pass@example.org/a.ics"',
      'an address with a password',
      'keep it elsewhere',
    ],
    [
      'that is private',
      `ics: "https://cal.example.org/private-§${'0a'.repeat(16)}/basic.ics"`,
      'a key of 32',
      'keep it',
    ],
    ['in two places', 'ics: §{ env: A, file: b }', 'exactly one place', 'keep one'],
    ['of none', 'ics: §{}', 'exactly one place', 'keep one'],
    ['that is a number', 'ics: §7', 'a path, an address, or a reference', 'holidays.ics'],
    ['that is none, and insecure', 'dates: [], insecure: §true', 'ics is not one', 'remove it'],
  ].map(([title = '', keys = '', message = '', fix = '']): Mistake => {
    return {
      title: `a calendar at an address ${title}`,
      text: `${base}calendars: { c: { ${keys}, size: idle } }\n`,
      want: [[message, fix]],
    };
  }),
  {
    title: 'a calendar that means nothing to its schedule',
    text: `${base}timezone: UTC\ncalendars: { m: §{ dates: [2026-12-24] } }\nschedules: { s: { calendar: m, otherwise: base } }\nsilences: [{ match: "a", calendar: m }]\n`,
    want: [['says neither', 'actLike']],
  },
  {
    title: 'a number as a name',
    text: `${base}versions: { §1.30: { eol: 2027-02-28 } }\n`,
    want: [['1.30 is read as the number 1.3', 'put it in quotes: "1.30"']],
  },
  {
    title: 'names that are no versions',
    text: `${base}versions: { §latest: { eol: 2027-02-28 }, §"1.035": { eol: 2027-02-28 }, §"01.35": { eol: 2027-02-28 } }\n`,
    want: [
      ['not a version of Kubernetes', '"1.35"'],
      ['not a version of Kubernetes', '"1.35"'],
      ['not a version of Kubernetes', '"1.35"'],
    ],
  },
  {
    title: 'ends that are no days',
    text: `${base}versions: { "1.35": { eol: §2027-02-30 }, "1.36": { eol: §2027-02-28T12:00Z }, "1.37": §{} }\n`,
    want: [
      ['"2027-02-30" is not a day', 'YYYY-MM-DD'],
      ['is not a day', 'YYYY-MM-DD'],
      ['"eol" is missing', 'add "eol:"'],
    ],
  },
  {
    title: 'yes',
    text: rule('base: 2, everyPool: §yes'),
    want: [['expected true or false, got text', 'in YAML 1.2 "yes" is text']],
  },
  { title: 'On', text: rule('base: 2, everyPool: §On'), want: [['expected true or false', '"On" is text']] },
  {
    title: 'a merge key',
    text: `${base}defaults: &d { mode: act }\nwatch: { §<<: *d }\n`,
    want: [['YAML 1.1', 'defaults']],
  },
  {
    title: 'a sexagesimal duration',
    text: `${base}keep: §1:30\n`,
    want: [['"1:30" is not a duration', 'write 1h30m']],
  },
];

const keys: readonly Mistake[] = [
  { title: 'an unknown key', text: `${base}§pool: []\n`, want: [['unknown key "pool"', 'did you mean "pools"?']] },
  {
    title: 'an unknown key in depth',
    text: rule('limits: { §mim: 0 }'),
    want: [['unknown key "mim"', 'did you mean "min"?']],
  },
  {
    title: 'a far key',
    text: `${base}§colour: red\n`,
    want: [['unknown key "colour"', 'the keys here are: timezone']],
  },
  {
    title: 'several unknown keys of one map',
    text: `${base}§wach: {}\n§keeep: 3d\n`,
    want: [
      ['"wach"', '"watch"'],
      ['"keeep"', '"keep"'],
    ],
  },
  {
    title: 'a required key misspelt',
    text: region('§apy: eumetsat-r1, token: { env: T }'),
    want: [['"apy"', '"api"']],
  },
  {
    title: 'a required key missing',
    text: 'regions: { r1: §{ api: eumetsat-r1 } }\n',
    want: [['"token" is missing', 'add "token:"']],
  },
  { title: 'no regions', text: '§keep: 3d\n', want: [['"regions" is missing', 'add "regions:"']] },
  { title: 'an empty value', text: 'regions:§\n', want: [['"regions" has no value', 'name']] },
  {
    title: 'a list for a map',
    text: `regions:\n  §- { api: x }\n`,
    want: [['expected a map of keys, got a list', 'remove the "- "']],
  },
  {
    title: 'a map for a list',
    text: `${base}pools: §{ a: 1 }\n`,
    want: [['expected a list of rules, got a map', 'one per line']],
  },
  { title: 'an empty item', text: `${base}pools:\n  -§\n`, want: [['an empty item', 'match']] },
  {
    title: 'a name with a slash',
    text: 'regions: { §"a/b": { api: eumetsat-r1, token: { env: T } } }\n',
    want: [['not a usable name', 'letters']],
  },
  { title: '__proto__', text: `${base}calendars: { §__proto__: { dates: [] } }\n`, want: [['unknown key', '']] },
];

const times: readonly Mistake[] = [
  { title: 'an abbreviation for a zone', text: `${base}timezone: §CET\n`, want: [['CET', 'Europe/Berlin']] },
  { title: 'an offset for a zone', text: `${base}timezone: §"+01:00"\n`, want: [['+01:00', 'Europe/Berlin']] },
  {
    title: 'a misspelt zone',
    text: schedule('timezone: §Europe/Berln, otherwise: base'),
    want: [['Europe/Berln', 'Europe/Berlin']],
  },
  {
    title: 'no zone anywhere',
    text: `${base}schedules: { s: §{ otherwise: base } }\n`,
    want: [['has no time zone', 'timezone: Europe/Berlin']],
  },
  { title: 'from == to', text: window('days: mon, from: "07:00", to: §"07:00"'), want: [['never or always', '24:00']] },
  { title: 'a time out of the day', text: window('from: "07:00", to: §"25:00"'), want: [['25:00', '24:00']] },
  { title: 'a number for a time', text: window('from: §7, to: "19:00"'), want: [['expected a time', '07:00']] },
  {
    title: 'two mistakes in one window',
    text: window('days: §mon-fry, from: §"7h", to: §"26:00"'),
    want: [
      ['fry', 'fri'],
      ['7h', '07:00'],
      ['26:00', '24:00'],
    ],
  },
  { title: 'half a window', text: window('from: §"07:00"'), want: [['without', 'to']] },
  {
    title: 'a window without anything',
    text: schedule('otherwise: base, windows: [§{ size: 3 }]'),
    want: [['neither when nor', 'add from']],
  },
  {
    title: 'a month that is none',
    text: window('dayOfMonth: [§32], months: §[apl]'),
    want: [
      ['a number above 31', '1 to 31'],
      ['apl', 'jan'],
    ],
  },
  { title: 'a duration in words', text: `${base}keep: §30 min\n`, want: [['"30 min" is not a duration', 'write 30m']] },
  {
    title: 'a duration without a unit',
    text: `${base}every: §5\n`,
    want: [['expected a duration, got a number', 'say the unit: 5m or 5s']],
  },
  {
    title: 'days without a unit',
    text: `${base}keep: §5\n`,
    want: [['expected a duration, got a number', 'say the unit: 5d']],
  },
  {
    title: 'hours without a unit',
    text: rule('leases: { longest: §8, max: 3 }'),
    want: [['expected a duration, got a number', 'say the unit: 8h or 8m']],
  },
  { title: 'a tick of an hour', text: `${base}every: §1h\n`, want: [['not between 1m and 15m', '5m']] },
  {
    title: 'a date that does not exist',
    text: `${base}calendars: { c: { dates: [§2026-02-30], actLike: sunday } }\n`,
    want: [['"2026-02-30" is not a date', 'YYYY-MM-DD']],
  },
  {
    title: 'an exception upside down',
    text: `${head}exceptions:\n  - { match: "a/b", start: 2026-12-24T00:00, end: §2026-12-23T00:00, size: 1 }\n`,
    want: [['ends before it starts', 'swap']],
  },
  {
    title: 'an exception of no length',
    text: `${head}exceptions:\n  - { match: "a/b", start: 2026-12-24T00:00, end: §2026-12-24T00:00, size: 1 }\n`,
    want: [['ends at the moment it starts', 'later end']],
  },
  {
    title: 'an exception without a time',
    text: `${head}exceptions:\n  - { match: "a/b", start: §2026-12-24, end: 2026-12-26T00:00, size: 1 }\n`,
    want: [['no time of day', 'write 2026-12-24T00:00']],
  },
  {
    title: 'an expiry that is none',
    text: region('api: eumetsat-r1, token: { env: T, expires: §soon }'),
    want: [['not a date', '2027-03-01']],
  },
  {
    title: 'a silence with times and no zone',
    text: `${base}silences: [§{ match: "a", days: sat }]\n`,
    want: [['no time zone', 'timezone']],
  },
];

const names: readonly Mistake[] = [
  {
    title: 'an unknown schedule',
    text: `${head}pools:\n  - { match: "a/b", schedule: §ofice, idle: 1 }\n`,
    want: [['no schedule "ofice"', 'did you mean "office"?']],
  },
  {
    title: 'an unknown region in a match',
    text: rule('base: 2').replace('"a/b"', '§"r2:a/b"'),
    want: [['no region "r2"', 'did you mean "r1"?']],
  },
  {
    title: 'an unknown default region',
    text: `${base}defaults: { region: §r7 }\n`,
    want: [['no region "r7"', '"r1"']],
  },
  {
    title: 'an unknown calendar',
    text: schedule('otherwise: base, calendar: §xmas'),
    want: [['no calendar "xmas"', 'none is defined']],
  },
  {
    title: 'an unknown fallback',
    text: destination('kind: slack, url: { env: U }, fallback: §opps'),
    want: [['no destination "opps"', 'd']],
  },
  {
    title: 'its own fallback',
    text: destination('kind: slack, url: { env: U }, fallback: §d'),
    want: [['its own fallback', 'another']],
  },
  {
    title: 'a schedule called none',
    text: `${base}timezone: UTC\nschedules: { none: §{ otherwise: base } }\n`,
    want: [['called none', 'another name']],
  },
  {
    title: 'an unknown API',
    text: region('api: §eumetsat-r3, token: { env: T }'),
    want: [['no known API "eumetsat-r3"', 'did you mean "eumetsat-r1"? Or give the URL']],
  },
  {
    title: 'an unknown kind of incident',
    text: destination('kind: slack, url: { env: U }, only: { kinds: [§pool.eror] }'),
    want: [['"pool.eror" is not', 'did you mean "pool.error"?']],
  },
  {
    title: 'an unknown country',
    text: `${base}calendars: { c: { holidays: §XX, actLike: sunday } }\n`,
    want: [['country "XX"', 'did you mean']],
  },
  {
    title: 'an unknown state',
    text: `${base}calendars: { c: { holidays: §DE-HF, actLike: sunday } }\n`,
    want: [['state "HF"', 'did you mean "DE-H']],
  },
];

const sizes: readonly Mistake[] = [
  {
    title: 'leave as a base',
    text: rule('base: §leave'),
    want: [['expected a whole number, { min, max } or remembered', 'write a whole number']],
  },
  {
    title: 'leave as an idle size',
    text: `${head}pools:\n  - { match: "a/b", schedule: office, idle: §leave }\n`,
    want: [['expected a whole number or { min, max }', 'write a whole number']],
  },
  {
    title: 'a working day that no month has',
    text: window('workday: §L-30'),
    want: [['"L-30" is not a working day of a month', 'no month has more than 23']],
  },
  {
    title: 'the 24th working day',
    text: window('workday: §24'),
    want: [['a number above 23', 'from 1 to 23']],
  },
  { title: 'the working day 0', text: window('workday: §0'), want: [['a number below 1', 'from 1 to 23']] },
  {
    title: 'a step without a length',
    text: window('from: "08:00", to: "18:00", every: §1h'),
    want: [['`every` is given without `for`', 'add `for`']],
  },
  {
    title: 'a length without a step',
    text: window('from: "08:00", to: "18:00", for: §10m'),
    want: [['`for` is given without `every`', 'add `every`']],
  },
  {
    title: 'a length that fills its step',
    text: window('from: "08:00", to: "18:00", every: 1h, for: §60m'),
    want: [['open all the time', 'make `for` shorter']],
  },
  {
    title: 'a step of a second',
    text: window('from: "08:00", to: "18:00", every: §30s, for: 10m'),
    want: [['"30s" is not a duration', 'write 10m']],
  },
  {
    title: 'a step that is too short',
    text: window('from: "08:00", to: "18:00", every: §2m, for: 1m'),
    want: [['"2m" is too often', '5m or more']],
  },
  {
    title: 'a step longer than its window',
    text: window('from: "08:00", to: "09:00", every: §1h, for: 10m'),
    want: [['ends before it is open for a second time', 'leave out `every` and `for`']],
  },
  {
    title: 'a cron expression',
    text: window('§cron: "0 19 * * 1-5"'),
    want: [['Lamplighter needs windows', '{ days: mon-fri, from: "19:00", to: "…" }']],
  },
  {
    title: 'a cron expression with steps',
    text: window('§cron: "*/15 7-18 * * MON,WED"'),
    want: [['Lamplighter needs windows', '{ days: [mon, wed], from: "07:00", to: "19:00", every: 15m, for: … }']],
  },
  {
    title: 'a cron expression of AWS',
    text: `${base}timezone: UTC\nschedules: { s: { otherwise: base, §cron: "cron(25 * ? JAN 2-6 *)" } }\n`,
    want: [
      ['Lamplighter needs windows', '{ days: mon-fri, months: jan, from: "00:25", to: "24:00", every: 1h, for: … }'],
    ],
  },
  ...[
    [
      'of an hour list',
      '30 7,19 * * 1-5',
      '{ days: mon-fri, from: "07:30", to: "…" } and { days: mon-fri, from: "19:30"',
    ],
    ['every second hour', '5 */2 * * *', '{ from: "00:05", to: "24:00", every: 2h, for: … }'],
    ['with seconds first', '0 0 7 * * MON-FRI', '{ days: mon-fri, from: "07:00", to: "…" }'],
    ['of Quartz', '0 0 7 ? * 2-6 *', '{ days: mon-fri, from: "07:00", to: "…" }'],
    ['with a zone', 'CRON_TZ=Europe/Berlin 0 7 * * 7', '{ days: sun, from: "07:00", to: "…" }'],
    ['that is a word', '@weekly', '{ days: sun, from: "00:00", to: "…" }'],
    ['with a minute that is none', '61 7 * * *', 'write from when to when'],
    ['with a date that is none', '0 7 32 * *', 'write from when to when'],
    ['with a weekday that is none', '0 7 * * 8', 'write from when to when'],
    ['with seconds that count', '*/10 * * * * *', 'write from when to when'],
  ].flatMap(
    ([what, cron, fix]) =>
      [
        {
          title: `a cron expression ${what}`,
          text: window(`§cron: "${cron}"`),
          want: [['Lamplighter needs windows', fix]],
        },
        {
          title: `a line that is a cron expression ${what}`,
          text: schedule(`otherwise: base, windows: [§"${cron}"]`),
          want: [['Lamplighter needs windows', fix]],
        },
      ] as Mistake[],
  ),
  {
    title: 'a cron expression that nobody can read',
    text: window('§cron: "0 0 L * 5#3"'),
    want: [['Lamplighter needs windows', 'write from when to when']],
  },
  {
    title: 'a cron expression in place of a window',
    text: schedule('otherwise: base, windows: [§"30 6 1 * *"]'),
    want: [['Lamplighter needs windows', '{ dayOfMonth: 1, from: "06:30", to: "…" }']],
  },
  {
    title: 'a line that is no window',
    text: schedule('otherwise: base, windows: [§"Mon-Fri from 7 to 19"]'),
    want: [['"Mon-Fri from 7 to 19" is not a window', 'write "Mon-Fri 07:00-19:00"']],
  },
  {
    title: 'a line with days that are none',
    text: schedule('otherwise: base, windows: §"Mom-Fri 07:00-19:00"'),
    want: [['"Mom-Fri" is not a weekday', 'use mon']],
  },
  {
    title: 'a dated line',
    text: schedule('otherwise: base, windows: [§"2026-12-24T00:00:00+01:00-2026-12-27T00:00:00+01:00"]'),
    want: [['is not a window', 'exceptions']],
  },
  {
    title: 'always',
    text: schedule('otherwise: base, windows: §"always"'),
    want: [['"always" is not a window', 'write otherwise: base, idle or leave']],
  },
  {
    title: 'a line in another zone than its schedule',
    text: schedule('timezone: Europe/Paris, otherwise: base, windows: [§"Mon-Fri 07:00-19:00 Europe/Berlin"]').replace(
      'timezone: UTC\n',
      '',
    ),
    want: [
      ['the window is in Europe/Berlin, but its schedule or silence is in Europe/Paris', 'timezone: Europe/Berlin'],
    ],
  },
  {
    title: 'a line in a zone that is an abbreviation',
    text: schedule('otherwise: base, windows: [§"Sat-Sun 00:00-24:00 CET,Fri-Fri 20:00-24:00 CET"]'),
    want: [['"CET" is not a time zone that can be used', 'did you mean Europe/Berlin?']],
  },
  {
    title: 'a line in an offset',
    text: schedule('otherwise: base, windows: [§"Mon-Fri 07:00-19:00 +02:00"]'),
    want: [['"+02:00" is not a time zone that can be used', 'has no daylight-saving time']],
  },
  {
    title: 'days listed before the times of the last',
    text: schedule('otherwise: base, windows: [§"Mon,Wed 07:00-19:00"]'),
    want: [['"Mon" has no times, and what follows it has some', '"Mon 07:00-19:00, …"']],
  },
  {
    title: 'a line beside keys',
    text: window('window: "Mon-Fri 07:00-19:00", days: §mon'),
    want: [['`days` cannot be combined with `window`', 'put it into the line']],
  },
  {
    title: 'a label that is a number',
    text: rule('labels: { team: §1 }'),
    want: [['expected the value of a label, got a number', 'in quotes']],
  },
  {
    title: 'the key of a label as a pattern',
    text: rule('labels: { §"te*": data }'),
    want: [['not the key of a label', 'team, or example.org/team']],
  },
  {
    title: 'a label with an open bracket',
    text: rule('labels: { team: §"da[ta" }'),
    want: [['the label "team"', 'close it']],
  },
  ...[
    'silences: [{ match: "*", kinds: §[] }]',
    ...['kinds', 'clusters'].map(
      (key) => `destinations: { d: { kind: slack, url: { env: U }, only: { ${key}: §[] } } }`,
    ),
  ].map((text) => ({
    title: `a list without an item: ${text}`,
    text: `${base}timezone: UTC\n${text}\n`,
    want: [['is named, so it stands for nothing', 'remove the key']] as const,
  })),
  { title: 'labels without one', text: rule('labels: §{}'), want: [['no label is named', 'remove the key']] },
  {
    title: 'names that objects have',
    text: `${base}timezone: UTC\nschedules: { constructor: §5, prototype: { otherwise: base, §foo: bar } }\ndestinations: { constructor: { kind: §nothing } }\ncalendars: { constructor: §5 }\n`,
    want: [
      ['expected', ''],
      ['unknown key "foo"', ''],
      ['"nothing" is not', ''],
      ['expected', ''],
    ],
  },
  {
    title: 'a label that objects have, without text',
    text: rule('labels: { constructor: §5 }'),
    want: [['expected the value of a label', 'in quotes']],
  },
  { title: 'labels as a list', text: rule('labels: §[team]'), want: [['got a list', '']] },
  {
    title: 'a step that is open for longer than a day',
    text: window('from: "mon 08:00", to: "sun 18:00", every: 48h, for: §40h'),
    want: [['"40h" is longer than a day', '24h at most']],
  },
  {
    title: 'left',
    text: window('days: mon, size: §left'),
    want: [['expected base, idle, leave', 'nothing is wanted']],
  },
  {
    title: 'a schedule that says 0 without permission',
    text: rule('base: 2')
      .replace('office,', '§zero,')
      .replace('schedules:\n', 'schedules:\n  zero: { otherwise: 0 }\n'),
    want: [['says 0', 'limits: { min: 0 }']],
  },
  {
    title: 'a window that says 0 without permission',
    text: rule('base: 2')
      .replace('office,', '§zero,')
      .replace('schedules:\n', 'schedules:\n  zero: { windows: [{ days: sat, size: 0 }], otherwise: base }\n'),
    want: [['says 0', 'limits: { min: 0 }']],
  },
  {
    title: 'an exception that says 0 without permission',
    text: `${rule('base: 2').replace('- {', '- §{')}exceptions: [{ match: "*/*", start: 2030-12-23T18:00, end: 2031-01-04T06:30, size: 0 }]\n`,
    want: [['says 0, and this rule does not allow 0', 'limits: { min: 0 }']],
  },
  {
    title: 'idle 0 without permission',
    text: `${head}pools:\n  - { match: "a/b", schedule: office, idle: §0 }\n`,
    want: [['allows 0 nodes', 'limits: { min: 0 }']],
  },
  {
    title: 'base 0 without permission',
    text: rule('base: §{ min: 0, max: 3 }'),
    want: [['allows 0 nodes', 'limits: { min: 0 }']],
  },
  {
    title: 'no idle where the schedule says it',
    text: `${head}pools:\n  - §{ match: "a/b", schedule: office }\n`,
    want: [['no idle size', 'add idle']],
  },
  {
    title: 'no idle where an exception says it',
    text: `${head.replace('otherwise: idle', 'otherwise: base')}pools:\n  - §{ match: "a/b", schedule: office }\nexceptions: [{ match: "a", start: 2026-12-24T00:00, end: 2026-12-26T00:00, size: idle }]\n`,
    want: [['exception in line 10', 'add idle']],
  },
  { title: 'limits upside down', text: rule('limits: §{ min: 4, max: 2 }'), want: [['more than limits.max', 'swap']] },
  {
    title: 'base above its limits',
    text: rule('base: §9, limits: { max: 5 }'),
    want: [['base 9 is above limits.max 5', 'lower base']],
  },
  {
    title: 'idle below its limits',
    text: rule('limits: { min: 2 }').replace('idle: 1', 'idle: §1'),
    want: [['idle 1 is below limits.min 2', 'raise idle']],
  },
  {
    title: 'a range upside down',
    text: rule('base: §{ min: 5, max: 3 }'),
    want: [['min 5 is more than max 3', 'min: 3, max: 5']],
  },
  { title: 'half a range', text: rule('base: §{ min: 5 }'), want: [['"max" is missing', 'add "max:"']] },
  {
    title: 'a range idle for a pinned base',
    text: rule('base: 3').replace('idle: 1', 'idle: §{ min: 1, max: 2 }'),
    want: [['idle is a range', 'base as { min: 3, max: 3 }']],
  },
  {
    title: 'one base for a whole glob',
    text: rule('base: §3').replace('a/b', 'a-*/b'),
    want: [['every pool that "a-*/b" matches', 'everyPool: true']],
  },
  { title: 'a size in quotes', text: rule('base: §"3"'), want: [['expected a whole number', 'without quotes']] },
  { title: 'a negative size', text: rule('base: §-1'), want: [['a number below 0', 'whole number']] },
  { title: 'a broken size', text: rule('base: §2.5'), want: [['not a whole number', 'whole number']] },
  {
    title: 'base remembered for idle',
    text: rule('base: 2').replace('idle: 1', 'idle: §remembered'),
    want: [['expected a whole number or { min, max }', '']],
  },
  {
    title: 'a rule for clusters',
    text: `${head}pools: [{ match: §"dev-*", schedule: none }]\n`,
    want: [['names clusters', 'write "dev-*/*"']],
  },
  {
    title: 'a match with two slashes',
    text: `${head}pools: [{ match: §"a/b/c", schedule: none }]\n`,
    want: [['more than one slash', 'cluster/pool']],
  },
  {
    title: 'an open bracket in a match',
    text: `${head}pools: [{ match: §"a[b/c", schedule: none }]\n`,
    want: [['bracket without', 'close it']],
  },
  { title: 'runsOn a glob', text: `${base}safety: { runsOn: §"a/*" }\n`, want: [['several pools', 'cluster/pool']] },
  {
    title: 'runsOn a cluster',
    text: `${base}safety: { runsOn: §mgmt }\n`,
    want: [['names a cluster', 'cluster/pool']],
  },
  {
    title: 'pools for watch',
    text: `${base}watch: { clusters: [§"a/*"] }\n`,
    want: [['names pools', 'leave out the slash']],
  },
];

const places: readonly Mistake[] = [
  {
    title: 'an unknown host',
    text: region('api: §"https://mks.example.org", token: { env: T }'),
    want: [['host mks.example.org', 'allowHost: true']],
  },
  {
    title: 'http beyond loopback',
    text: region('api: §"http://mks.example.org", allowHost: true, token: { env: T }'),
    want: [['unencrypted', 'https:']],
  },
  {
    title: 'a host without a scheme',
    text: region('api: §mks.r1.cloud.eumetsat.int, token: { env: T }'),
    want: [['no known API', 'write https://mks']],
  },
  ...['127.0.0.1:8090', 'localhost:8090', '"[::1]:8090"', '127.0.0.1'].map(
    (api): Mistake => ({
      title: `an address of this machine without a scheme, ${api}`,
      text: region(`api: §${api}, token: { env: T }`),
      want: [['no known API', `write http://${api.replaceAll('"', '')}`]],
    }),
  ),
  {
    title: 'a URL with a query',
    text: region('api: §"https://mks.r1.cloud.eumetsat.int/?a=b", token: { env: T }'),
    want: [['not the URL', 'query']],
  },
  {
    title: 'a secret in two places',
    text: region('api: eumetsat-r1, token: §{ env: T, file: t }'),
    want: [['env and file', 'keep one']],
  },
  {
    title: 'a secret in no place',
    text: region('api: eumetsat-r1, token: §{ expires: 2027-01-01 }'),
    want: [['none of them', 'keep one']],
  },
  {
    title: 'an empty command',
    text: region('api: eumetsat-r1, token: { command: §[] }'),
    want: [['empty command', 'program']],
  },
  {
    title: 'a chat’s address as text',
    text: destination('kind: slack, url: §"https://chat.example.org/x"'),
    want: [['is a secret', 'awsSecret']],
  },
  {
    title: 'a chat without an address',
    text: `${base}destinations:\n  d: §{ kind: teams }\n`,
    want: [['teams needs a url', 'add url']],
  },
  {
    title: 'a webhook over http',
    text: destination('kind: webhook, url: §"http://x.example.org", secret: { env: K }'),
    want: [['over http:', 'insecure: true']],
  },
  {
    title: 'a webhook to nowhere',
    text: destination('kind: webhook, url: §"ftp://x", secret: { env: K }'),
    want: [['not an http(s) address', 'https://']],
  },
  {
    title: 'pagerduty without a key',
    text: `${base}destinations:\n  d: §{ kind: pagerduty }\n`,
    want: [['pagerduty needs a key', 'add key']],
  },
  {
    title: 'a key for slack',
    text: destination('kind: slack, url: { env: U }, key: §{ env: K }'),
    want: [['for pagerduty', 'remove']],
  },
  {
    title: 'a format for slack',
    text: destination('kind: slack, url: { env: U }, format: §json'),
    want: [['format is for sns and webhook', 'remove']],
  },
  {
    title: 'a mail to nobody',
    text: `${base}destinations:\n  d: §§§{ kind: email }\n`,
    want: [
      ['email needs a from', 'add from: ops@'],
      ['email needs a to', 'add to: ops@'],
      ['email needs a url', 'smtps://host'],
    ],
  },
  {
    title: 'a mail server by http',
    text: destination('kind: email, url: §"https://mail.example.org", from: a@example.org, to: b@example.org'),
    want: [['not the address of a mail server', 'smtps://']],
  },
  ...['smtp://mail.example.org:99999', 'smtps://mail.example.org:0', 'smtp://..:25'].map((url) => ({
    title: `a mail server that cannot be: ${url}`,
    text: destination(`kind: email, url: §"${url}", from: a@example.org, to: b@example.org`),
    want: [['not the address of a mail server', 'smtps://']] as const,
  })),
  ...['.a@example.org', 'a.@example.org', 'a..b@example.org', 'a@b..example.org', 'a@b-.org', 'a@-b.org'].map((to) => ({
    title: `an address that no server takes: ${to}`,
    text: destination(`kind: email, url: "smtps://m.example.org", from: a@example.org, to: [§"${to}"]`),
    want: [['not an email address', 'write ops@example.org']] as const,
  })),
  {
    title: 'a mail server with a password in its address',
    text: destination('kind: email, url: "§smtps://u:p@mail.example.org", from: a@example.org, to: b@example.org'),
    want: [['an address with a password', 'keep it elsewhere']],
  },
  {
    title: 'recipients in one text',
    text: destination(
      'kind: email, url: "smtps://m.example.org", from: a@example.org, to: §"b@example.org, c@example.org"',
    ),
    want: [['not an email address', 'ops@example.org']],
  },
  {
    title: 'a recipient with a line break',
    text: destination(
      'kind: email, url: "smtps://m.example.org", from: a@example.org, to: §"b@example.org\\nBcc: c@d.org"',
    ),
    want: [['not an email address', 'ops@example.org']],
  },
  {
    title: 'an empty list of recipients',
    text: destination('kind: email, url: "smtps://m.example.org", from: a@example.org, to: §[]'),
    want: [['there is no recipient', 'name an email address']],
  },
  {
    title: 'a user without a password',
    text: `${base}destinations:\n  d: §{ kind: email, url: "smtps://m.example.org", from: a@example.org, to: b@example.org, user: u }\n`,
    want: [['a user needs a password', 'add password']],
  },
  {
    title: 'a password without a user',
    text: `${base}destinations:\n  d: §{ kind: email, url: "smtps://m.example.org", from: a@example.org, to: b@example.org, password: { env: P } }\n`,
    want: [['a password needs a user', 'add user']],
  },
  {
    title: 'recipients for slack',
    text: destination('kind: slack, url: { env: U }, to: §a@example.org'),
    want: [['to is for email, not for slack', 'remove']],
  },
  {
    title: 'sns without a topic',
    text: `${base}destinations:\n  d: §{ kind: sns }\n`,
    want: [['sns needs a topic', 'arn:aws:sns:']],
  },
  {
    title: 'a topic by its name',
    text: destination('kind: sns, topic: §alerts'),
    want: [['not the ARN of an SNS topic', 'arn:aws:sns:']],
  },
  {
    title: 'a topic for a webhook',
    text: destination(
      'kind: webhook, url: { env: U }, secret: { env: K }, topic: §"arn:aws:sns:eu-central-1:111122223333:a"',
    ),
    want: [['topic is for sns, not for webhook', 'remove']],
  },
  {
    title: 'an Authorization as text',
    text: destination('kind: webhook, url: { env: U }, headers: { Authorization: §"Bearer abc" }'),
    want: [['Authorization is a secret, but is written here as text', 'awsSecret']],
  },
  {
    title: 'a header that is ours',
    text: destination('kind: webhook, url: { env: U }, secret: { env: K }, headers: { Content-Type: §text/html }'),
    want: [['Content-Type is set by Lamplighter', 'remove']],
  },
  {
    title: 'a header named twice',
    text: destination('kind: webhook, url: { env: U }, secret: { env: K }, headers: { X-A: a, x-a: §b }'),
    want: [['x-a is named twice', 'keep one']],
  },
  {
    title: 'a header with a line break',
    text: destination('kind: webhook, url: { env: U }, secret: { env: K }, headers: { X-A: §"a\\nb" }'),
    want: [['not the value of a header', 'printable ASCII']],
  },
  {
    title: 'a header without a name',
    text: destination('kind: webhook, url: { env: U }, secret: { env: K }, headers: { §"X A": a }'),
    want: [['not the name of a header', 'X-Team']],
  },
  {
    title: 'headers for slack',
    text: destination('kind: slack, url: { env: U }, headers: §{ X-A: a }'),
    want: [['headers is for ntfy and webhook, not for slack', 'remove']],
  },
  {
    title: 'events from anybody',
    text: `${base}events:\n  e: §{ kind: json, may: ["a/b"] }\n`,
    want: [['no secret and no queue', 'secret:']],
  },
  {
    title: 'alerts from anybody',
    text: `${base}events:\n  e: §{ kind: alertmanager, pool: a/b, atLeast: 1, for: 1h, may: ["a/b"] }\n`,
    want: [['bearer token', 'add secret']],
  },
  {
    title: 'alerts without a size',
    text: `${base}events:\n  e: §§§{ kind: alertmanager, secret: { env: K }, may: ["a/b"] }\n`,
    want: [
      ['needs "atLeast"', 'add atLeast'],
      ['needs "for"', 'add for'],
      ['needs "pool"', 'add pool'],
    ],
  },
  ...['json', 'cloudevents', 'alertmanager, when: { a: b }, pool: a/b, atLeast: 1, for: 1h'].map((kind) => ({
    title: `an empty list of secrets of ${kind.split(',')[0]}`,
    text: events(`kind: ${kind}, secret: §[], may: ["a/b"]`),
    want: [['the list of secrets is empty', 'add one']] as const,
  })),
  {
    title: 'an empty list of secrets of a destination',
    text: destination('kind: webhook, url: { env: U }, secret: §[]'),
    want: [['the list of secrets is empty', 'add one']],
  },
  {
    title: 'an environment without a command',
    text: region('api: eumetsat-r1, token: { env: T, environment: §[A] }'),
    want: [['environment is for a command, not for env', 'remove it']],
  },
  {
    title: 'a value in the environment of a command',
    text: region('api: eumetsat-r1, token: { command: [pass], environment: [§"A=b"] }'),
    want: [['not the name of an environment variable', 'give the name']],
  },
  {
    title: 'connections without end',
    text: `${base}maxConnections: §100000\n`,
    want: [['a number above 2000', '']],
  },
  {
    title: 'events that may raise nothing',
    text: events('kind: json, secret: { env: K }, may: §[]'),
    want: [['every event would be refused', 'add a match']],
  },
  {
    title: 'json with a pool',
    text: events('kind: json, secret: { env: K }, pool: §a/b, may: ["a/b"]'),
    want: [['say pool themselves', 'may']],
  },
  {
    title: 'a template without an end',
    text: events('kind: alertmanager, secret: { env: K }, pool: §"a-{{x/b", atLeast: 1, for: 1h, may: ["a/b"]'),
    want: [['braces', 'write {{label}}']],
  },
  ...[
    ['{{ $labels.cluster }}/workers', '{{cluster}}/workers'],
    ['p-{{.Labels.cluster}}/{{ .pool }}', 'p-{{cluster}}/{{pool}}'],
    ['{{ .CommonLabels.cluster }}/w', '{{cluster}}/w'],
    ['${cluster}/$pool', '{{cluster}}/{{pool}}'],
    ['{cluster}/{{pool}}', '{{cluster}}/{{pool}}'],
    ['{{ labels.cluster }}/workers', '{{cluster}}/workers'],
    ['{{commonLabels.cluster}}/w', '{{cluster}}/w'],
    ['{{ alerts[0].labels.cluster }}/w', '{{cluster}}/w'],
    ['{{- .Labels.cluster -}}/w', '{{cluster}}/w'],
    ["{{ index .Labels 'cluster' }}/w", '{{cluster}}/w'],
    ["{{ $labels['cluster'] }}/w", '{{cluster}}/w'],
    ['{{ .Labels.cluster | toLower }}/w', '{{cluster}}/w'],
    ['[[ cluster ]]/[[pool]]', '{{cluster}}/{{pool}}'],
    ['<cluster>/%pool%', '{{cluster}}/{{pool}}'],
    ['$(cluster)/%{pool}', '{{cluster}}/{{pool}}'],
  ].map(([written, meant]) => ({
    title: `a template written like ${written}`,
    text: events(`kind: alertmanager, secret: { env: K }, pool: §"${written}", atLeast: 1, for: 1h, may: ["*/*"]`),
    want: [['a label is not written like this', `write ${meant}`]] as const,
  })),
  ...[
    ['{{ annotations.cluster }}/w', 'annotations of an alert are not read', 'write {{cluster}}'],
    ['{{ cluster. }}/w', 'no label is called "cluster."', 'write {{label}}'],
    ['{{ 9lives }}/w', 'braces contain no name', 'write {{label}}'],
    ['{{ }}/w', 'braces contain no name', 'write {{label}}'],
    ['{{ clüster }}/w', 'braces contain no name', 'write {{label}}'],
    ['{{ a b }}/w', 'braces contain no name', 'write {{label}}'],
  ].map(([written, message, fix]) => ({
    title: `a template of what no alert has: ${written}`,
    text: events(`kind: alertmanager, secret: { env: K }, pool: §"${written}", atLeast: 1, for: 1h, may: ["*/*"]`),
    want: [[message, fix] as [string, string]] as const,
  })),
  ...[
    ['{{ $.detail.cluster }}/w', 'a field is not written like this', 'write {{detail.cluster}}/w'],
    ['{{ event.detail.cluster }}/w', 'a field is not written like this', 'write {{detail.cluster}}/w'],
    ['<detail.cluster>/w', 'a field is not written like this', 'write {{detail.cluster}}/w'],
    ['{{ bucket }}/w', 'no bus event has a field "bucket" of its own', 'write {{detail.bucket}}'],
    ['{{ detail }}/w', '"detail" of a bus event is not text', 'name a field in it'],
    ['{{ resources }}/w', '"resources" of a bus event is not text', 'name a field in it'],
    ['{{ detail..x }}/w', '"detail..x" of a bus event is not text', 'name a field in it'],
  ].map(([written, message, fix]) => ({
    title: `a template of what no bus event has: ${written}`,
    text: events(
      `kind: eventbridge, when: { source: [aws.s3] }, pool: §"${written}", atLeast: 1, for: 1h, may: ["*/*"]`,
    ),
    want: [[message, fix] as [string, string]] as const,
  })),
  {
    title: 'a template for many pools',
    text: events('kind: alertmanager, secret: { env: K }, pool: §"a-*/b", atLeast: 1, for: 1h, may: ["a/b"]'),
    want: [['this is a pattern', 'name the pool']],
  },
  {
    title: 'more than the most',
    text: events(
      'kind: alertmanager, secret: { env: K }, pool: a/b, atLeast: §5, most: 3, for: §3h, longest: 2h, may: ["a/b"]',
    ),
    want: [
      ['more than most 3', 'raise most'],
      ['more than longest 2h', 'raise longest'],
    ],
  },
  {
    title: 'a pattern that is none',
    text: events('kind: eventbridge, when: §{ source: aws.s3 }, pool: a/b, atLeast: 1, for: 1h, may: ["a/b"]'),
    want: [['when.source', 'aws.s3']],
  },
  {
    title: 'dynamodb without a table',
    text: `${base}store: §{ kind: dynamodb }\n`,
    want: [['name of a table', 'add table']],
  },
  {
    title: 'a table for sqlite',
    text: `${base}store: { kind: sqlite, table: §lamps }\n`,
    want: [['for dynamodb', 'remove']],
  },
  {
    title: 'a path for dynamodb',
    text: `${base}store: { kind: dynamodb, table: lamps, path: §p }\n`,
    want: [['for sqlite', 'remove']],
  },
  {
    title: 'a port alone',
    text: `${base}listen: §9090\n`,
    want: [['expected an address and port, got a number', 'write 127.0.0.1:9090']],
  },
  {
    title: 'a port alone, as text',
    text: `${base}listen: §"8080"\n`,
    want: [['not an address and a port', 'write 127.0.0.1:8080']],
  },
  {
    title: 'a port that is none',
    text: `${base}listen: §127.0.0.1:99999\n`,
    want: [['not an address and a port', '127.0.0.1:9090']],
  },
  {
    title: 'a calendar without meaning',
    text: `${base}calendars: { c: §{ dates: [2026-12-24] } }\n`,
    want: [['says neither', 'actLike: sunday']],
  },
  {
    title: 'a calendar without dates',
    text: `${base}calendars: { c: §{ actLike: sunday } }\n`,
    want: [['without dates', 'holidays']],
  },
  {
    title: 'a calendar file that is not there',
    text: `${base}calendars: { c: { ics: §x.ics, size: idle } }\n`,
    want: [['no such file', 'relative']],
  },
];

const inAws: readonly Mistake[] = [
  {
    title: 'a FIFO queue',
    text: events('kind: json, queue: §jobs.fifo, may: ["a/b"]'),
    want: [['FIFO queues are not supported', 'without .fifo']],
  },
  {
    title: 'the URL of a queue',
    text: events('kind: json, queue: §"https://sqs.eu-central-1.amazonaws.com/111122223333/jobs", may: ["a/b"]'),
    want: [['not the name of an SQS queue', 'not its URL']],
  },
  {
    title: 'a queue whose dead letters would have too long a name',
    text: events(`kind: json, queue: §${'q'.repeat(68)}, may: ["a/b"]`),
    want: [['of 68 characters is too long', 'use 67 at most']],
  },
  {
    title: 'a queue called nothing',
    text: events('kind: json, queue: §"", may: ["a/b"]'),
    want: [['got empty text', 'as text']],
  },
  {
    title: 'a queue that holds the dead letters of another',
    text: `${base}events:\n  a: { kind: json, queue: jobs, may: ["a/b"] }\n  b: { kind: json, queue: §jobs-dead-letters, may: ["a/b"] }\n`,
    want: [['is the dead-letter queue of "jobs"', 'another name']],
  },
  {
    title: 'a queue of two sources',
    text: `${base}events:\n  a: { kind: json, queue: jobs, may: ["a/b"] }\n  b: { kind: json, queue: §jobs, may: ["a/b"] }\n`,
    want: [['the queue "jobs" belongs to "a"', 'its own queue']],
  },
  {
    title: 'a bus source with too long a name for its rule',
    text: `${base}events:\n  §${'n'.repeat(33)}: { kind: eventbridge, pool: a/b, atLeast: 1, for: 1h, may: ["a/b"] }\n`,
    want: [['33 characters', 'use 32 at most']],
  },
  {
    title: 'a table with a slash',
    text: `${base}store: { kind: dynamodb, table: §lamp/lighter }\n`,
    want: [['not the name of a DynamoDB table', '3 to 255']],
  },
  {
    title: 'a table with two letters',
    text: `${base}store: { kind: dynamodb, table: §tb }\n`,
    want: [['not the name of a DynamoDB table', '3 to 255']],
  },
  {
    title: 'the ARN of a secret',
    text: region(
      'api: eumetsat-r1, token: { awsSecret: §"arn:aws:secretsmanager:eu-central-1:111122223333:secret:lamplighter/r1-AbCdEf" }',
    ),
    want: [['not the name of a secret', '{ awsSecret: lamplighter/r1 }']],
  },
  ...['lamplighter/*', 'lamplighter/r?', 'lamplighter/${stage}', 'lamplighter r1'].map((name) => ({
    title: `a secret called ${name}`,
    text: region(`api: eumetsat-r1, token: { awsSecret: §"${name}" }`),
    want: [['not the name of a secret', 'letters, digits and']] as const,
  })),
];

const warnings: readonly Mistake[] = [
  {
    title: 'a label whose name is newer than many an Alertmanager',
    text: events(
      'kind: alertmanager, secret: { env: K }, pool: §"{{ k8s.cluster-name }}/w", atLeast: 1, for: 1h, may: ["*/*"]',
    ),
    want: [['exist since Prometheus 3', 'is the label called {{k8s_cluster_name}}?']],
  },
  {
    title: 'only observed',
    text: announce('§{ before: 30m, to: ops }', ', mode: observe'),
    want: [['only observes', 'mode: act']],
  },
  ...['2027-03-28T02:10|2027-03-28T02:50', '2027-03-28T02:00|2027-03-28T03:00'].map((written) => {
    const [start = '', end = ''] = written.split('|');
    return {
      title: `an exception in the hour that the clocks skip: ${written}`,
      text: `${rule('')}exceptions: [{ match: "a/b", start: §${start}, end: ${end}, size: 3 }]\n`,
      want: [['the clocks in Europe/Berlin skip this time, they go forward to 03:00', 'an end after 03:00']] as const,
    };
  }),
  {
    title: 'an exception that is skipped in one of two zones',
    text: `${rule('').replace('pools:', '  us: { timezone: America/New_York, otherwise: base }\npools:').replace('"a/b"', '"a/*"')}  - { match: "c/*", schedule: us }\nexceptions: [{ match: "*/*", start: §2027-03-28T02:10, end: 2027-03-28T02:50, size: 3 }]\n`,
    want: [['has no effect in Europe/Berlin: the clocks', 'after 03:00']],
  },
  {
    title: 'an exception that begins by the clock and ends by an instant before',
    text: `${rule('')}exceptions: [{ match: "a/b", start: 2027-03-28T12:00, end: §2027-03-28T09:00Z, size: 3 }]\n`,
    want: [['in Europe/Berlin it ends before it starts', 'both with an offset']],
  },
  {
    title: 'a window in the hour that the clocks skip',
    text: `${base}timezone: Europe/Berlin\nschedules: { s: { otherwise: base, windows: [§{ from: "02:10", to: "02:50", size: 1 }] } }\n`,
    want: [['does not open on 2027-03-28: the clocks skip', 'end after 03:00']],
  },
  {
    title: 'versions whose support has ended',
    text: `${base}versions: { "1.29": { eol: §2026-11-22 }, "1.30": { eol: 2026-11-23 } }\n`,
    want: [['the support of 1.29 has ended', 'correct the date']],
  },
  {
    title: 'a secret that is not valid any more',
    text: 'regions: { r1: { api: eumetsat-r1, token: { env: T, expires: §2026-11-23 } } }\n',
    want: [['no longer valid', 'renew it']],
  },
  {
    title: 'a hole of a minute',
    text: schedule('otherwise: 1, windows: [§{ from: "07:00", to: "11:59" }, { from: "12:00", to: "19:00" }]'),
    want: [['a gap', 'let the first end']],
  },
  {
    title: 'a window shorter than a resize',
    text: schedule('otherwise: 1, windows: [§{ from: "07:00", to: "07:05" }]'),
    want: [['shorter than a resize', 'longer']],
  },
  {
    title: 'a window that never wins',
    text: schedule('otherwise: 1, windows: [{ days: mon-fri, size: 5 }, §{ days: tue, size: 3 }]'),
    want: [['can never win', 'or remove it']],
  },
  {
    title: 'a shadowed rule',
    text: `${head}pools:\n  - { match: "dev-*/*", schedule: none }\n  - { match: §"dev-a/x", schedule: none }\n`,
    want: [['"dev-*/*" in line 9', 'move it up']],
  },
  {
    title: 'an unsigned webhook',
    text: `${base}destinations:\n  d: §{ kind: webhook, url: "https://x.example.org" }\n`,
    want: [['not signed', 'secret']],
  },
  {
    title: 'leases nothing caps',
    text: rule('leases: { longest: 2h }').replace('- {', '- §{'),
    want: [['nothing limits them', 'leases: { max']],
  },
  {
    title: 'events nothing caps',
    text: `${rule('base: remembered').replace('- {', '- §{')}events: { e: { kind: json, queue: q, may: ["a/*"] } }\n`,
    want: [['events of "e"', 'limits: { max']],
  },
  {
    title: 'a lease above the limits',
    text: rule('limits: { max: 5 }, leases: { max: §8 }'),
    want: [['leases.max 8 is above limits.max 5', 'lower it']],
  },
  {
    title: 'idle larger than base',
    text: rule('base: 2').replace('idle: 1', 'idle: §4'),
    want: [['larger than base', 'swapped']],
  },
  {
    title: 'a schedule that says a range for a pin',
    text: rule('base: 2')
      .replace('office,', '§zero,')
      .replace('schedules:\n', 'schedules:\n  zero: { otherwise: { min: 1, max: 3 } }\n'),
    want: [['says a range', 'min: 2, max: 2']],
  },
];

describe.each(
  Object.entries({ yaml, announcing, lists, linking, digesting, keys, times, names, sizes, places, inAws, warnings }),
)('%s', (group, mistakes) => {
  test.each(mistakes)('$title', async ({ text, want }) => {
    const problems = await problemsOf(text.replaceAll('§', ''));
    expect(problems.map((problem) => [problem.message, problem.fix])).toEqual(
      want.map(([message, fix]) => [expect.stringContaining(message), expect.stringContaining(fix)]),
    );
    expect(problems.map((problem) => [problem.line, problem.column])).toEqual(marksIn(text));
    expect(new Set(problems.map((problem) => problem.severity))).toEqual(
      new Set([group === 'warnings' ? 'warning' : 'error']),
    );
  });
});

/** Line and column of every mark in a text that holds no other marks. */
function marksIn(text: string): readonly (readonly number[])[] {
  return text.split('\n').flatMap((line, index) => {
    const pieces = line.split('§').slice(0, -1);
    return pieces.map((_, at) => [index + 1, pieces.slice(0, at + 1).join('').length + 1]);
  });
}

describe('together', () => {
  test('every mistake at once, in file order', async () => {
    const text = `timezone: CEST
regions: { r1: { api: eumetsat-r9, tokn: { env: T } } }
schedules:
  office: { windows: [{ days: mon, from: "07:00", to: "07:00" }], otherwise: idel }
pools:
  - { match: "a/b", schedule: offce, bse: 3 }
  - { match: "a[/b", schedule: office, idle: 0, mode: yes }
keep: 30 days
`;
    const lines = (await problemsOf(text)).map((problem) => problem.line);
    expect(lines).toEqual([1, 2, 2, 4, 4, 6, 6, 7, 7, 7, 8]);
  });

  test.each(['cron: "0 19 * * 1-5"', 'window: "0 19 * * 1-5"'])('a silence with %s has no size', async (line) => {
    const problems = await problemsOf(`${base}timezone: UTC\nsilences: [{ match: "*", ${line} }]\n`);
    expect(problems.map(({ fix }) => fix)).toEqual([
      'this is { days: mon-fri, from: "19:00", to: "…" }: say when it ends',
    ]);
  });

  test('paths are readable', async () => {
    const paths = (await problemsOf(rule('limits: { mim: 0 }'))).map((problem) => problem.path);
    expect(paths).toEqual(['pools[0].limits.mim']);
  });
});

describe('what changes nothing, or too much, is a warning', () => {
  const exception = (end: string) =>
    `${rule('')}exceptions:\n  - { match: "a/b", start: 2026-11-01T00:00, end: ${end}, size: idle, reason: x }\n`;

  test.each([
    ['2026-11-23T11:59Z', true],
    ['2026-11-23T12:01Z', false],
    ['2026-11-22T23:00', true],
    // Somewhere west of here it is not over yet.
    ['2026-11-23T01:00', false],
  ])('an exception that ended at %s is past: %s', async (end, isPast) => {
    const problems = await problemsOf(
      exception(end).replace('2026-11-01T00:00', end.endsWith('Z') ? '2026-11-01T00:00Z' : '2026-11-01T00:00'),
    );
    const past = problems.filter(({ message }) => message.includes('is over'));
    expect(past.map(({ severity, path }) => [severity, path])).toEqual(
      isPast ? [['warning', 'exceptions[0].end']] : [],
    );
  });

  test('two regions with one API', async () => {
    const text = `timezone: UTC
regions:
  a: { api: "http://127.0.0.1:8090", token: { env: A } }
  b: { api: "http://127.0.0.1:8090/api/v1/", token: { env: B } }
  c: { api: "http://127.0.0.1:8091", token: { env: B } }
pools: []
`;
    const twins = (await problemsOf(text)).filter(({ message }) => message.includes('have the same API'));
    expect(twins.map(({ severity, path, line }) => [severity, path, line])).toEqual([['warning', 'regions.b.api', 4]]);
  });
});

describe('what nobody sees', () => {
  const unseenOf = async (text: string) =>
    (await problemsOf(text))
      .filter(({ message }) => message.includes('nobody sees'))
      .map(({ severity, line, column, message }) => [severity, line, column, message.split('sees, ')[1]]);

  test.each([
    ['a zero width space', '\u200b', '\\u200b'],
    ['a soft hyphen', '\u00ad', '\\xad'],
    ['a byte order mark', '\ufeff', '\\ufeff'],
    ['a right-to-left mark', '\u200f', '\\u200f'],
    ['an override of direction', '\u202e', '\\u202e'],
    ['a joiner', '\u200d', '\\u200d'],
    ['a no-break space', '\u00a0', '\\xa0'],
    ['a wide space', '\u3000', '\\u3000'],
    ['a variation selector', '\ufe0f', '\\ufe0f'],
    ['a tag', '\u{e0041}', '\\u{e0041}'],
  ])('%s is told with its place, wherever it stands', async (_, character, shown) => {
    const text = `timezone: UTC
regions: { r1: { api: eumetsat-r1, token: { env: T } } }
schedules: { s: { otherwise: base } }
pools:
  - match: prod${character}-data/workers
    labels: { "te${character}am": a }
    schedule: s
watch: { clusters: ["${character}prod-data"] }
events: { e: { kind: json, secret: { env: K }, may: ["a/b", 'c/d${character}'] } }
`;
    const places = text.split('\n').flatMap((line, index) => {
      const at = line.indexOf(character);
      return at === -1 ? [] : [[index + 1, at + 1]];
    });
    const names = ['prod¤-data/workers', 'te¤am', '¤prod-data', 'c/d¤'];
    expect(places).toHaveLength(names.length);
    expect(await unseenOf(text)).toEqual(
      places.map((place, index) => ['warning', ...place, `${shown}, stands in "${names[index]?.replace('¤', shown)}"`]),
    );
  });

  test('is told where the text begins, where it is written as an escape', async () => {
    const text = `${head}pools:\n  - { match: "dev\\u200b/*", schedule: office, idle: 1 }\n`;
    expect(await unseenOf(text)).toEqual([['warning', 9, 14, '\\u200b, stands in "dev\\u200b/*"']]);
  });

  test.each([
    ['an emoji and a Persian word', '\u{1f469}\u200d\u{1f4bb} \u2764\ufe0f می\u200cخواهم', []],
    ['an override', 'a\u202eb', ['\\u202e, stands in "a\\u202eb"']],
    ['lines', '"a\\n\\tb"', []],
  ])('a reason with %s', async (_, reason, told) => {
    const text = `${head}exceptions:\n  - { match: "a/b", start: 2026-12-01T00:00, end: 2026-12-02T00:00, size: idle, reason: ${reason} }\n`;
    expect((await unseenOf(text)).map((one) => one[3])).toEqual(told);
  });

  test('shows no secret that it stands in', async () => {
    const secret = `${'0123456789abcdef'.repeat(2)}\u200b${'fedcba9876543210'.repeat(2)}`;
    const problems = await problemsOf(`${head}pools:\n  - { match: "${secret}/*", schedule: office, idle: 1 }\n`);
    expect(problems.map(({ message }) => message)).toContain('a character that nobody sees, \\u200b, stands here');
  });
});
