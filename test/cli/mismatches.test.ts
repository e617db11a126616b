import { expect, test } from 'vitest';
import { smallFleet } from '../support/alert-night.ts';
import { type AlertCli, anAlertCli } from './alert-cli.ts';

const slack = (only: string) => `destinations:\n  slack: { kind: slack, url: { env: SLACK }${only} }\n`;

type Told = { readonly kind: string; readonly phase: string; readonly text: string; readonly severity: string };

async function mismatches(cli: AlertCli): Promise<readonly string[]> {
  const all = (await cli.json('incidents')) as readonly Told[];
  return all.filter(({ kind, phase }) => kind === 'config.mismatch' && phase === 'open').map(({ text }) => text);
}

const posts = ({ night }: AlertCli) => night.receivers.slack.posts.map(({ text }) => text);

test('a match that names nothing is an incident until it does', async () => {
  using cli = await anAlertCli(`${slack('')}silences: [{ match: "edv-*", days: sat-sun }]\n`);
  const [first] = await cli.rounds(4);
  expect(first?.err + first!.out).toContain('\\"edv-*\\" in line');
  expect(await mismatches(cli)).toEqual([
    expect.stringMatching(/^the silence "edv-\*" in line \d+ .*did you mean "dev-\*"\?$/),
  ]);
  expect(posts(cli).filter((text) => text.includes('did you mean'))).not.toEqual([]);
  cli.night.world.createCluster({ name: 'edv-1', pools: [] });
  await cli.rounds(4);
  expect(await mismatches(cli)).toEqual([]);
  expect(posts(cli).some((text) => text.includes('Resolved') && text.includes('edv-'))).toBe(true);
});

test('a destination that no cluster’s alert can reach is named', async () => {
  using cli = await anAlertCli(slack(', only: { clusters: ["edv-*"] }'));
  await cli.rounds(4);
  expect(await mismatches(cli)).toEqual([expect.stringContaining('reaches the destination slack')]);
  const { checks } = (await cli.json('doctor')) as { checks: { id: string; status: string; text: string }[] };
  expect(checks.filter(({ id }) => id === 'matches')).toMatchObject([
    { status: 'warning', text: expect.stringContaining('reaches the destination slack') },
  ]);
});

test('a pool of a cluster that no rule acts on is looked for', async () => {
  using cli = await anAlertCli(
    `${slack('')}silences: [{ match: dev-1/workers, days: sat }, { match: dev-1/wokers, days: sat }]\n`,
  );
  expect(smallFleet(1).clusters[0]?.pools[0]?.name).toBe('workers');
  await cli.rounds(4);
  expect(await mismatches(cli)).toEqual([expect.stringContaining('did you mean "dev-1/workers"?')]);
});

test('while the fleet is seen only partly nothing is found, and nothing is over', async () => {
  using cli = await anAlertCli(`${slack('')}silences: [{ match: dev-1/wokers, days: sat }]\n`);
  const { world } = cli.night;
  const refuseIn = (on: boolean) =>
    world.setFault(({ method, path }) =>
      on && method === 'GET' && path.endsWith('/node-pool') ? { kind: 'status', status: 500 } : undefined,
    );
  refuseIn(true);
  await cli.rounds(4);
  expect(await mismatches(cli)).toEqual([]);
  refuseIn(false);
  await cli.rounds(4);
  expect(await mismatches(cli)).toHaveLength(1);
  refuseIn(true);
  await cli.rounds(6);
  expect(await mismatches(cli)).toHaveLength(1);
});

test.each([
  [4, ''],
  [12, ' and 2 more; see: lamplighter doctor'],
])('the notice of the first round names %i of them', async (count, more) => {
  const typos = Array.from({ length: count }, (_, i) => `{ match: nosuch-${i}, days: sat }`);
  using cli = await anAlertCli(`${slack('')}silences: [${typos.join(', ')}]\n`);
  const [first] = await cli.rounds(1);
  const { started } = JSON.parse(first!.out) as { started: string };
  const named = [...started.matchAll(/the silence "(nosuch-\d+)" in line \d+/gu)].map(([, name]) => name);
  expect(named).toEqual(typos.slice(0, 10).map((_, i) => `nosuch-${i}`));
  expect(started.replace(/^.*in line \d+/su, '')).toBe(more);
});
