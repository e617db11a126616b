import { describe, expect, test } from 'vitest';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { compiled, head } from './compile-text.ts';

type Accepted = {
  readonly title: string;
  readonly text: string;
  readonly look: (config: CompiledConfig) => unknown;
  readonly want: unknown;
};

const rule = (keys: string) => `${head}pools: [{ match: "a/b", schedule: office, idle: 1, ${keys} }]\n`;
const first = (config: CompiledConfig) => config.rules[0];
const region = (keys: string) => `regions: { r1: { ${keys} } }\n`;
const destination = (keys: string) => `${head}destinations: { d: { ${keys} } }\n`;
const events = (keys: string) => `${head}events: { e: { ${keys} } }\n`;

const fleet: readonly Accepted[] = [
  {
    title: 'nothing but a region',
    text: region('api: creodias-waw4-1, token: { env: T }'),
    look: (c) => [c.regions, c.rules, c.everyMs, c.keepMs, c.listen],
    want: [
      [
        {
          name: 'r1',
          url: 'https://managed-kubernetes.creodias.eu/api/v1',
          mksRegion: 'WAW4-1',
          token: { kind: 'env', name: 'T' },
        },
      ],
      [],
      300_000,
      2_592_000_000,
      undefined,
    ],
  },
  {
    title: 'a known URL',
    text: region('api: "https://mks.r1.cloud.eumetsat.int/swagger/", token: { env: T }'),
    look: (c) => c.regions[0],
    want: { url: 'https://mks.r1.cloud.eumetsat.int/api/v1', mksRegion: 'R1' },
  },
  {
    title: 'another region of the provider',
    text: region('api: "https://managed-kubernetes.waw3-2.cloudferro.com", token: { env: T }'),
    look: (c) => c.regions[0],
    want: { url: 'https://managed-kubernetes.waw3-2.cloudferro.com/api/v1', mksRegion: undefined },
  },
  {
    title: 'an allowed host',
    text: region('api: "https://mks.example.org/api/v1", allowHost: true, token: { env: T }'),
    look: (c) => c.regions[0]?.url,
    want: 'https://mks.example.org/api/v1',
  },
  {
    title: 'http on loopback',
    text: region('api: "http://127.0.0.1:8080", token: { env: T }'),
    look: (c) => c.regions[0]?.url,
    want: 'http://127.0.0.1:8080/api/v1',
  },
  {
    title: 'http on localhost',
    text: region('api: "http://localhost:8080/api/v1/", token: { env: T }'),
    look: (c) => c.regions[0]?.url,
    want: 'http://localhost:8080/api/v1',
  },
  {
    title: 'a token from Secrets Manager',
    text: region('api: eumetsat-r2, token: { awsSecret: a/b, expires: 2027-03-01 }'),
    look: (c) => c.regions[0]?.token,
    want: { kind: 'awsSecret', name: 'a/b', expires: Date.UTC(2027, 2, 1) },
  },
  {
    title: 'a token from a command',
    text: region('api: eumetsat-r2, token: { command: [pass, mks] }'),
    look: (c) => c.regions[0]?.token,
    want: { kind: 'command', argv: ['pass', 'mks'] },
  },
  {
    title: 'a command that gets more of the environment',
    text: region('api: eumetsat-r2, token: { command: [pass, mks], environment: [GNUPGHOME] }'),
    look: (c) => c.regions[0]?.token,
    want: { kind: 'command', argv: ['pass', 'mks'], environment: ['GNUPGHOME'] },
  },
  {
    title: 'a token from a file beside the config',
    text: region('api: eumetsat-r2, token: { file: t, expires: 2027-03-01T12:00+01:00 }'),
    look: (c) => c.regions[0]?.token,
    want: { kind: 'file', path: '/etc/lamplighter/t', expires: Date.UTC(2027, 2, 1, 11) },
  },
  {
    title: 'a token from a file anywhere',
    text: region('api: eumetsat-r2, token: { file: /run/secrets/t }'),
    look: (c) => c.regions[0]?.token,
    want: { kind: 'file', path: '/run/secrets/t' },
  },
];

const rules: readonly Accepted[] = [
  {
    title: 'every default',
    text: rule('base: 2'),
    look: first,
    want: {
      base: 2,
      idle: 1,
      limits: { min: 1, max: undefined },
      leases: { max: undefined, longestMs: 86_400_000 },
      mode: 'act',
      onHumanChange: 'respect',
      onRemove: 'restore',
      graceMs: 1_800_000,
      lead: { kind: 'none' },
      schedule: 'office',
      position: { file: '/etc/lamplighter/l.yml', line: 8 },
    },
  },
  { title: 'a base nobody gave', text: rule('mode: act'), look: (c) => first(c)?.base, want: 'remembered' },
  {
    title: 'everything said',
    text: rule(
      'base: { min: 2, max: 4 }, limits: { min: 1, max: 9 }, leases: { max: 8, longest: 8h }, mode: observe, onHumanChange: enforce, onRemove: leave, grace: 1h',
    ),
    look: first,
    want: {
      base: { min: 2, max: 4 },
      limits: { min: 1, max: 9 },
      leases: { max: 8, longestMs: 28_800_000 },
      mode: 'observe',
      onHumanChange: 'enforce',
      onRemove: 'leave',
      graceMs: 3_600_000,
    },
  },
  {
    title: 'defaults, key by key',
    text: `${rule('limits: { max: 7 }')}defaults: { region: r1, mode: observe, onHumanChange: enforce, onRemove: leave, grace: 2h, limits: { min: 0, max: 3 }, leases: { max: 4, longest: 1h }, base: 5, idle: 3 }\n`,
    look: first,
    want: {
      match: { region: 'r1' },
      mode: 'observe',
      onHumanChange: 'enforce',
      onRemove: 'leave',
      graceMs: 7_200_000,
      limits: { min: 0, max: 7 },
      leases: { max: 4, longestMs: 3_600_000 },
      base: 5,
      idle: 1,
    },
  },
  {
    title: 'no schedule',
    text: `${head}pools: [{ match: "a/*", schedule: none }]\n`,
    look: (c) => first(c)?.schedule,
    want: undefined,
  },
  {
    title: 'a region in the match',
    text: `${head}pools: [{ match: "r1:my cluster/my pool", schedule: none }]\n`,
    look: (c) => first(c)?.match,
    want: { text: 'r1:my cluster/my pool', region: 'r1', cluster: 'my cluster', pool: 'my pool', exactPool: true },
  },
  {
    title: 'going to 0',
    text: `${head}pools: [{ match: "a/b", schedule: office, idle: 0, limits: { min: 0 } }]\n`,
    look: (c) => first(c)?.idle,
    want: 0,
  },
  {
    title: 'one base for a whole glob',
    text: `${head}pools: [{ match: "a/*", schedule: office, base: 3, idle: 1, everyPool: true }]\n`,
    look: (c) => first(c)?.base,
    want: 3,
  },
];

const schedules: readonly Accepted[] = [
  {
    title: 'a fixed lead',
    text: head.replace('otherwise', 'lead: 1h30m\n    otherwise'),
    look: (c) => c.schedules[0]?.lead,
    want: { kind: 'fixed', ms: 5_400_000 },
  },
  {
    title: 'a learnt lead',
    text: head.replace('otherwise', 'lead: auto\n    otherwise'),
    look: (c) => c.schedules[0]?.lead,
    want: { kind: 'auto' },
  },
  {
    title: 'no lead',
    text: head.replace('otherwise', 'lead: none\n    otherwise'),
    look: (c) => c.schedules[0]?.lead,
    want: { kind: 'none' },
  },
  {
    title: 'its own zone',
    text: head.replace('otherwise', 'timezone: UTC\n    otherwise'),
    look: (c) => c.schedules[0]?.zone,
    want: 'UTC',
  },
  {
    title: 'no windows at all',
    text: `${head}  flat: { otherwise: base }\n`.replace('    otherwise: idle\n', '    otherwise: idle\n'),
    look: (c) => c.schedules[1],
    want: { name: 'flat', windows: [], otherwise: 'base' },
  },
  {
    title: 'unquoted times',
    text: head.replace('from: "07:00", to: "19:00"', 'from: 22:00, to: 06:00'),
    look: (c) => c.schedules[0]?.windows[0],
    want: { text: 'mon-fri 22:00-06:00', size: 'base', pieces: [{ days: [1, 2, 3, 4, 5], from: 79_200, to: 108_000 }] },
  },
  {
    title: 'sizes of windows',
    text: head.replace('to: "19:00"', 'to: "19:00", size: { min: 2, max: 3 }'),
    look: (c) => c.schedules[0]?.windows[0]?.size,
    want: { min: 2, max: 3 },
  },
  {
    title: 'a local exception',
    text: `${head}exceptions: [{ match: "a", start: 2026-12-23T18:00, end: 2026-12-24T06:30:15, size: idle, reason: closed }]\n`,
    look: (c) => c.exceptions[0],
    want: {
      start: '2026-12-23T18:00:00',
      end: '2026-12-24T06:30:15',
      size: 'idle',
      reason: 'closed',
      match: { pool: undefined },
      position: { line: 8 },
    },
  },
  {
    title: 'an absolute exception',
    text: `${head}exceptions: [{ match: "a/b", start: 2026-12-23T18:00Z, end: 2026-12-24T06:30+01:00, size: 3 }]\n`,
    look: (c) => c.exceptions[0],
    want: { start: Date.UTC(2026, 11, 23, 18), end: Date.UTC(2026, 11, 24, 5, 30), size: 3 },
  },
];

const telling: readonly Accepted[] = [
  {
    title: 'safety',
    text: `${head}safety: { brake: { pools: 5 }, maxChangesPerRound: 4, minNodesPerCluster: 2, runsOn: m/s }\n`,
    look: (c) => c.safety,
    want: { brake: { pools: 5, percent: 30 }, maxChangesPerRound: 4, minNodesPerCluster: 2, runsOn: { text: 'm/s' } },
  },
  {
    title: 'safety left out',
    text: head,
    look: (c) => c.safety,
    want: { brake: { pools: 3, percent: 30 }, maxChangesPerRound: undefined, minNodesPerCluster: 0, runsOn: undefined },
  },
  {
    title: 'watch',
    text: `${head}watch: { clusters: ["prod-*", "r1:x"], stuckAfter: 1h, for: 0s, clear: 1m }\n`,
    look: (c) => c.watch,
    want: {
      clusters: [{ text: 'prod-*' }, { text: 'r1:x', region: 'r1' }],
      stuckAfterMs: 3_600_000,
      forMs: 0,
      clearMs: 60_000,
    },
  },
  {
    title: 'watch left out',
    text: head,
    look: (c) => c.watch,
    want: { clusters: 'all', stuckAfterMs: 1_800_000, forMs: 300_000, clearMs: 600_000 },
  },
  ...['slack', 'teams', 'discord', 'mattermost'].map((kind) => ({
    title: kind,
    text: destination(`kind: ${kind}, url: { env: U }`),
    look: (c: CompiledConfig) => c.destinations[0],
    want: {
      name: 'd',
      kind,
      url: { kind: 'env', name: 'U' },
      secrets: [],
      format: 'json',
      retired: false,
      insecure: false,
      zone: 'Europe/Berlin',
      fallback: undefined,
    },
  })),
  {
    title: 'pagerduty in the EU',
    text: destination('kind: pagerduty, key: { env: K }, url: "https://events.eu.pagerduty.com/v2/enqueue"'),
    look: (c) => c.destinations[0],
    want: {
      key: { kind: 'env', name: 'K' },
      url: { kind: 'plain', url: 'https://events.eu.pagerduty.com/v2/enqueue' },
    },
  },
  {
    title: 'alertmanager inside',
    text: destination('kind: alertmanager, url: "http://am:9093", insecure: true, retired: true'),
    look: (c) => c.destinations[0],
    want: { url: { kind: 'plain', url: 'http://am:9093/' }, insecure: true, retired: true },
  },
  {
    title: 'a webhook with two secrets',
    text: destination(
      'kind: webhook, url: { file: u }, secret: [{ env: NEW }, { env: OLD }], format: alertmanager-v4, only: { severity: warning, kinds: [pool.late], clusters: ["p-*"] }',
    ),
    look: (c) => c.destinations[0],
    want: {
      secrets: [{ name: 'NEW' }, { name: 'OLD' }],
      format: 'alertmanager-v4',
      only: { severity: 'warning', kinds: ['pool.late'], clusters: [{ text: 'p-*' }] },
    },
  },
  {
    title: 'a silence for ever',
    text: `${head}silences: [{ match: "a/b", kinds: [pool.late] }]\n`,
    look: (c) => c.silences[0],
    want: { kinds: ['pool.late'], window: undefined, until: undefined, zone: 'Europe/Berlin' },
  },
  {
    title: 'a silence at times',
    text: `${head}silences: [{ match: "a", days: [sat, sun], from: "20:00", to: "22:00", timezone: UTC, until: 2027-01-01T00:00Z, reason: r }]\n`,
    look: (c) => c.silences[0],
    want: { window: { text: 'sat, sun 20:00-22:00' }, zone: 'UTC', until: Date.UTC(2027, 0, 1), reason: 'r' },
  },
  {
    title: 'a silence between two dates, in its zone',
    text: `${head}silences: [{ match: "a", from: 2026-12-01T20:00, to: 2026-12-02T06:00:30+02:00 }]\n`,
    look: (c) => c.silences[0],
    want: { window: undefined, from: Date.UTC(2026, 11, 1, 19), until: Date.UTC(2026, 11, 2, 4, 0, 30) },
  },
  {
    title: 'a silence that recurs from a date on',
    text: `${head}silences: [{ match: "a", days: sat-sun, from: 2026-12-01T00:00, timezone: UTC, until: 2027-01-01T00:00Z }]\n`,
    look: (c) => c.silences[0],
    want: { window: { text: 'sat-sun' }, from: Date.UTC(2026, 11, 1), until: Date.UTC(2027, 0, 1) },
  },
  {
    title: 'a silence on the days of a calendar that is for nothing else',
    text: `${head}calendars: { m: { dates: [2026-12-24, 2026-12-03] } }\nsilences: [{ match: "a", calendar: m }]\n`,
    look: (c) => c.silences[0],
    want: { window: { text: 'on days of m' }, dates: ['2026-12-03', '2026-12-24'], zone: 'Europe/Berlin' },
  },
  {
    title: 'a silence at times on the days of a calendar',
    text: `${head}calendars: { m: { holidays: DE, actLike: sunday } }\nsilences: [{ match: "a", calendar: m, from: "22:00", to: "06:00" }]\n`,
    look: (c) => [c.silences[0]?.window?.text, c.silences[0]?.dates?.includes('2026-12-25'), c.silences[0]?.position],
    want: ['22:00-06:00 on days of m', true, { file: '/etc/lamplighter/l.yml', line: 9 }],
  },
  {
    title: 'calendars at addresses',
    text: `${head}calendars: { a: { ics: "https://example.org/a.ics", size: idle }, b: { ics: { env: CAL }, size: base }, c: { ics: "http://10.0.0.1/c.ics", insecure: true, actLike: sunday } }\n`,
    look: (c) => [c.remoteCalendars, c.calendarsEnd],
    want: [
      [
        { name: 'a', address: { kind: 'plain', url: 'https://example.org/a.ics' }, insecure: false },
        { name: 'b', address: { kind: 'env', name: 'CAL' } },
        { name: 'c', insecure: true },
      ],
      {},
    ],
  },
  {
    title: 'signed events',
    text: events('kind: json, secret: { env: K }, may: ["a/b"], most: 4, longest: 2h'),
    look: (c) => c.events[0],
    want: {
      secrets: [{ kind: 'env', name: 'K' }],
      most: 4,
      longestMs: 7_200_000,
      may: [{ text: 'a/b' }],
      pool: undefined,
    },
  },
  {
    title: 'a queue of CloudEvents',
    text: events('kind: cloudevents, queue: q, may: ["a/b"]'),
    look: (c) => c.events[0]?.queue,
    want: 'q',
  },
  {
    title: 'alerts',
    text: events(
      'kind: alertmanager, secret: { env: K }, when: { alertname: X }, pool: "p-{{ cluster }}/w{{n}}", atLeast: 6, for: 2h, may: ["p-*/*"]',
    ),
    look: (c) => c.events[0],
    want: {
      when: { alertname: 'X' },
      pool: ['p-', { label: 'cluster' }, '/w', { label: 'n' }],
      atLeast: 6,
      forMs: 7_200_000,
    },
  },
  {
    title: 'bus events',
    text: events('kind: eventbridge, when: { source: [aws.s3] }, pool: a/b, atLeast: 1, for: 1h, may: ["a/b"]'),
    look: (c) => c.events[0],
    want: { when: { source: ['aws.s3'] }, pool: ['a/b'], secrets: [] },
  },
  {
    title: 'a heartbeat',
    text: `${head}heartbeat: { url: { env: H }, insecure: true }\n`,
    look: (c) => c.heartbeat,
    want: { url: { kind: 'env', name: 'H' }, insecure: true },
  },
  {
    title: 'the store left out',
    text: head,
    look: (c) => c.store,
    want: { kind: 'sqlite', path: '/etc/lamplighter/lamplighter.db' },
  },
  {
    title: 'a store elsewhere',
    text: `${head}store: { kind: sqlite, path: ../db/l.db }\n`,
    look: (c) => c.store,
    want: { kind: 'sqlite', path: '/etc/db/l.db' },
  },
  {
    title: 'a table',
    text: `${head}store: { kind: dynamodb, table: lamps }\n`,
    look: (c) => c.store,
    want: { kind: 'dynamodb', table: 'lamps' },
  },
  {
    title: 'the tick, the memory, the port',
    text: `${head}every: 1m\nkeep: 90d\nlisten: "[::1]:9090"\n`,
    look: (c) => [c.everyMs, c.keepMs, c.listen],
    want: [60_000, 7_776_000_000, { host: '::1', port: 9090 }],
  },
];

describe.each(Object.entries({ fleet, rules, schedules, telling }))('%s', (_, accepted) => {
  test.each(accepted)('$title', async ({ text, look, want }) => {
    const found = look(await compiled(text, { file: '/etc/lamplighter/l.yml' }));
    if (typeof want === 'object' && want !== null) expect(found).toMatchObject(want);
    else expect(found).toBe(want);
  });
});

describe('regions of matches', () => {
  const two =
    'timezone: UTC\nregions:\n  a: { api: eumetsat-r1, token: { env: A } }\n  b: { api: eumetsat-r2, token: { env: B } }\ndefaults: { region: a }\n';

  test('the default narrows what is acted on, never what is told', async () => {
    const config = await compiled(
      `${two}pools: [{ match: "x/y", schedule: none }, { match: "b:x/y", schedule: none }]\nsilences: [{ match: x }]\nwatch: { clusters: [x] }\nsafety: { runsOn: x/y }\n`,
    );
    expect(config.rules.map((one) => one.match.region)).toEqual(['a', 'b']);
    expect(config.safety.runsOn?.region).toBe('a');
    expect(config.silences[0]?.match.region).toBeUndefined();
    expect(config.watch.clusters).toMatchObject([{ region: undefined }]);
  });
});
