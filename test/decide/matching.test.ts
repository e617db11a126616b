import { describe, expect, test } from 'vitest';
import { compileConfig } from '../../lib/config/compile-config.ts';
import { configMatches } from '../../lib/decide/matching/config-matches.ts';
import { mismatchFindings } from '../../lib/decide/matching/mismatch-findings.ts';
import { type NamedCluster, type NamedFleet, namesOf } from '../../lib/decide/matching/unmatched.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import type { Finding } from '../../lib/model/finding.ts';
import { aPool, aWorld } from '../support/scaling-world.ts';

const now = Date.UTC(2026, 10, 29);

async function compile(lines: string): Promise<CompiledConfig> {
  const text = `timezone: UTC
regions:
  r1: { api: "http://127.0.0.1:1", token: { env: A } }
  r2: { api: "http://127.0.0.1:2", token: { env: B } }
schedules: { oh: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle } }
${lines}
`;
  const readFile = () => Promise.reject(new Error('no file'));
  const outcome = await compileConfig(text, { file: 'lamplighter.yml', now, readFile });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.config;
}

function aCluster(name: string, pools: readonly string[] | undefined, more: Partial<NamedCluster> = {}): NamedCluster {
  return { region: 'r1', name, pools, isDeleting: false, ...more };
}

function aFleet(...clusters: readonly NamedCluster[]): NamedFleet {
  return { answered: new Set(['r1', 'r2']), clusters };
}

const usual = aFleet(
  aCluster('dev-api', ['workers', 'burst']),
  aCluster('prod-web', ['workers', 'gpu']),
  aCluster('ml', ['gpu'], { region: 'r2' }),
);

test.each([
  ['Running', ['workers'], false],
  ['Deleting', [], true],
  ['Deleted', [], true],
])('what is %s is named accordingly', (status, pools, isDeleting) => {
  const { cluster } = aWorld('2026-03-02T12:00:00Z', []);
  const [named] = namesOf([{ cluster: { ...cluster, status }, pools: [aPool('workers', 3, { status })] }]);
  expect(named).toMatchObject({ pools, isDeleting });
});

const seen = (text: Finding) => [text.subject.kind === 'config' ? text.subject.path : '', text.text];

async function found(lines: string, fleet = usual, earlier: readonly Finding[] = []): Promise<readonly Finding[]> {
  return mismatchFindings(await compile(lines), fleet, earlier, now);
}

const texts = (findings: readonly Finding[]) => findings.map(({ text }) => text);

describe('a match that names nothing is told where it stands', () => {
  const until = 'start: 2027-03-01T00:00, end: 2027-03-03T00:00, size: base';
  const hook = 'kind: slack, url: { env: S }';
  const source = 'kind: json, secret: { env: S }';
  const alerts = 'kind: alertmanager, secret: { env: S }, atLeast: 1, for: 1h';
  test.each([
    [
      'pools: [{ match: dev-api/wokers, schedule: oh, base: 3, idle: 1 }]',
      'pools[match=dev-api/wokers]',
      'the rule in line 6 names the pool dev-api/wokers, which does not exist; did you mean "dev-api/workers"?',
    ],
    [
      'pools: [{ match: dev-ap/*, schedule: none }]',
      'pools[match=dev-ap/*]',
      'the rule "dev-ap/*" in line 6 matches no pool of the fleet; did you mean "dev-api/*"?',
    ],
    [
      `exceptions:\n- { match: dev-ap/wokers, ${until} }`,
      'exceptions[match=dev-ap/wokers]',
      'the exception in line 7 names the pool dev-ap/wokers, which does not exist; did you mean "dev-api/workers"?',
    ],
    [
      `exceptions:\n- { match: burts, ${until} }\n- { match: burts, ${until} }`,
      'exceptions[match=burts]',
      'the exception "burts" in lines 7 and 8 matches no cluster of the fleet; did you mean "*/burst"?',
    ],
    [
      'silences:\n\n- { match: "dve-*", days: sat-sun }',
      'silences[match=dve-*]',
      'the silence "dve-*" in line 8 matches no cluster of the fleet; did you mean "dev-*"?',
    ],
    [
      'silences: [{ match: "r2:dev-api", days: sat-sun }]',
      'silences[match=r2:dev-api]',
      'the silence "r2:dev-api" in line 6 matches no cluster of the fleet; did you mean "r1:dev-api"?',
    ],
    [
      'watch: { clusters: [dev-api, "pord-*"] }',
      'watch.clusters[match=pord-*]',
      'watch.clusters "pord-*" in line 6 matches no cluster of the fleet; did you mean "prod-*"?',
    ],
    [
      'watch: { clusters: ["pord-*"] }',
      'watch.clusters',
      'no cluster is watched: watch.clusters in line 6 names no cluster of the fleet ("pord-*"); did you mean "prod-*"?',
    ],
    [
      `destinations:\n  ops: { ${hook}, only: { clusters: ["prd-*", dev-app] } }`,
      'destinations.ops.only.clusters',
      'no alert about a cluster reaches the destination ops: only.clusters of the destination ops in line 7 names no cluster of the fleet ("prd-*", "dev-app"); did you mean "prod-*"? did you mean "dev-api"?',
    ],
    [
      `events:\n  ci: { ${source}, most: 3, longest: 1h, may: [dev-api/workers, dev-api/brust] }`,
      'events.ci.may[match=dev-api/brust]',
      'may of the event source ci in line 7 names the pool dev-api/brust, which does not exist; did you mean "dev-api/burst"?',
    ],
    [
      `events:\n  ci: { ${source}, most: 3, longest: 1h, may: ["dev-api/b?rts"] }`,
      'events.ci.may',
      'no event of ci may raise a pool: may of the event source ci in line 7 names no pool of the fleet ("dev-api/b?rts")',
    ],
    [
      `events:\n  am: { ${alerts}, pool: "prd-{{cluster}}/workers", may: ["*/*"], most: 3, longest: 1h }`,
      'events.am.pool[match=prd-*/workers]',
      'pool of the event source am "prd-*/workers" in line 7 matches no pool of the fleet; did you mean "prod-*/workers"?',
    ],
    [
      `events:\n  am: { ${alerts}, pool: "dev-api/wrkers", may: ["*/*"], most: 3, longest: 1h }`,
      'events.am.pool[match=dev-api/wrkers]',
      'pool of the event source am in line 7 names the pool dev-api/wrkers, which does not exist; did you mean "dev-api/workers"?',
    ],
    [
      'safety: { runsOn: dev-api/wrkers }',
      'safety.runsOn',
      'safety.runsOn "dev-api/wrkers" matches no pool of the fleet: it protects nothing; did you mean "dev-api/workers"?',
    ],
  ])('%s', async (lines, path, text) => {
    expect((await found(lines)).map(seen)).toEqual([[path, text]]);
  });

  test('every match of a config is in the one list, with its line', async () => {
    const config = await compile(`pools: [{ match: a/b, schedule: none }]
exceptions: [{ match: a, ${until} }]
silences: [{ match: a, days: sat }]
watch: { clusters: [a, b] }
destinations: { ops: { ${hook}, only: { clusters: [a] } } }
events: { am: { ${alerts}, pool: "a/b", may: ["a/b"], most: 3, longest: 1h } }
safety: { runsOn: a/b }`);
    expect(configMatches(config, now).map(({ path, line }) => `${path}:${line}`)).toEqual([
      'pools[0].match:6',
      'exceptions[0].match:7',
      'silences[0].match:8',
      'watch.clusters[0]:9',
      'watch.clusters[1]:9',
      'destinations.ops.only.clusters[0]:10',
      'events.am.may[0]:11',
      'events.am.pool:11',
      'safety.runsOn:12',
    ]);
  });
});

describe('nothing is told', () => {
  test.each([
    ['of a match that names one', 'silences: [{ match: "dev-*", days: sat }, { match: "r2:ml/gpu", days: sat }]'],
    ['of what means everything', 'silences: [{ match: "*", days: sat }, { match: "r2:*", days: sat }]'],
    ['of a silence that is over', 'silences: [{ match: nosuch, until: 2026-01-01T00:00Z }]'],
    [
      'of an exception that is over',
      'exceptions: [{ match: nosuch, start: 2025-01-01T00:00, end: 2025-01-02T00:00, size: base }]',
    ],
    [
      'of a template that may name one',
      'events: { am: { kind: alertmanager, secret: { env: S }, atLeast: 1, for: 1h, pool: "{{region}}/workers", may: ["*/*"], most: 3, longest: 1h } }',
    ],
  ])('%s', async (_title, lines) => {
    expect(await found(lines)).toEqual([]);
  });

  test.each([
    ['a region did not answer', { ...usual, answered: new Set(['r1']) }, 'nosuch/*'],
    ['the pools of its cluster were not read', aFleet(aCluster('dev-api', undefined)), 'dev-api/nosuch'],
    ['its cluster is being deleted', aFleet(aCluster('old', [], { isDeleting: true })), 'old/workers'],
  ])('where %s, and nothing is taken back', async (_title, fleet, match) => {
    const lines = `pools: [{ match: "${match}", schedule: none }]`;
    expect(await found(lines, fleet)).toEqual([]);
    const whole = await found(lines, aFleet(aCluster('x', ['y'])));
    expect(whole).toHaveLength(1);
    expect(texts(await found(lines, fleet, whole))).toEqual(texts(whole));
    expect(await found('', fleet, whole)).toEqual([]);
  });

  test('of another region than the one that did not answer it is', async () => {
    const fleet = { ...usual, answered: new Set(['r1']) };
    const lines = 'silences: [{ match: "r1:nosuch", days: sat }, { match: "r2:nosuch", days: sat }]';
    expect(texts(await found(lines, fleet))).toEqual([
      'the silence "r1:nosuch" in line 6 matches no cluster of the fleet',
    ]);
  });
});

test('a fleet without clusters is one finding', async () => {
  const lines = 'silences: [{ match: a, days: sat }, { match: b, days: sat }]';
  expect(texts(await found(lines, aFleet()))).toEqual([
    'no region lists a cluster, so 2 matches of the config match nothing',
  ]);
});

test('of very many the first are told, and how many more', async () => {
  const many = Array.from({ length: 60 }, (_, i) => `{ match: nosuch-${i}, days: sat }`);
  const findings = await found(`silences: [${many.join(', ')}]`);
  expect(findings).toHaveLength(51);
  expect(findings.at(-1)).toMatchObject({ text: '10 more matches of the config match nothing in the fleet' });
});

test('where only the labels are missing, the same name is not proposed', async () => {
  const fleet = aFleet(aCluster('dev-api', ['workers'], { labels: [{}] }));
  expect(
    texts(await found('pools: [{ match: "dev-*/*", labels: { team: data }, schedule: oh, idle: 1 }]', fleet)),
  ).toEqual(['the rule "dev-*/*" with { team: data } in line 6 matches no pool of the fleet']);
});
