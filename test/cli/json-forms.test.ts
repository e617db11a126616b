import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../lib/io/stores/open-store.ts';
import { announcementWrites } from '../../lib/jobs/records/announcement-records.ts';
import { noteAlertForms } from './alert-forms.ts';
import { aCliWorld, type CliWorld, usualConfig } from './cli-world.ts';
import { noteKeepingForms } from './stored-forms.ts';

const page = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');
const documented = new Map(
  [...page.matchAll(/^## `([^`]+)`\n(?:(?!^## )[^])*?```json\n([^]*?)```/gm)].map(([, name = '', json = '']) => [
    name,
    JSON.parse(json) as unknown,
  ]),
);

/** Every key of a document with its place, such as "pools[].away.base". */
function keysOf(value: unknown, at = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keysOf(item, `${at}[]`));
  if (typeof value !== 'object' || value === null || isSize(value)) return [];
  return Object.entries(value).flatMap(([key, own]) => [`${at}.${key}`, ...keysOf(own, `${at}.${key}`)]);
}

/** A size has several forms, which the page lists once. */
function isSize(value: object): boolean {
  return ['min,max', 'size'].includes(Object.keys(value).join());
}

const printed = new Map<string, unknown[]>();

async function note(name: string, world: Pick<CliWorld, 'json'>, ...argv: readonly string[]): Promise<void> {
  const known = printed.get(name) ?? [];
  printed.set(name, known);
  known.push(await world.json(...argv));
}

/** As the watch does, half an hour before a boundary. */
async function announce({ folder, clock }: CliWorld): Promise<void> {
  const store = await openStore(
    { kind: 'sqlite', path: join(folder, 'lamplighter.db') },
    { clock, newId: () => 'own-1' },
  );
  const now = clock.now();
  const names = { region: 'r1', clusterId: 'c1', cluster: 'dev-api', poolId: 'p1', pool: 'workers' };
  const pool = { ...names, from: 3, to: 0, nodes: 3, by: -3, said: 1, saidAt: now };
  const about = { schema: 1, boundary: now + 30 * 60_000, destination: 'dev-chat', sequence: 1, saidAt: now } as const;
  await store.commit(announcementWrites({ ...about, pools: [pool] }, undefined));
  await store.close();
}

/** One evening in which each form is printed with every key it can have. */
beforeAll(async () => {
  using world = aCliWorld('2026-11-23T19:00:00Z');
  const at = ['--at', '2026-11-23T12:00:00Z', '--at', '2026-11-23T20:00:00Z'];
  await note('explain', world, 'explain', 'ml/gpu', ...at);
  await note('plan', world, 'plan');
  await note('run', world, 'run', '--once');
  await note('status', world, 'status');
  await note('explain', world, 'explain', 'dev-api/*');
  for (let i = 0; i < 3; i += 1) {
    await world.clock.advance(20 * 60_000);
    await world.run('run', '--once');
  }
  world.world.personResizes('dev-api/workers', { size: 2 });
  await world.clock.advance(20 * 60_000);
  await note('run', world, 'run', '--once');
  await note('base', world, 'base', 'dev-api/workers', 'show');
  await note('scale --at-least', world, 'scale', 'ml/gpu', '--at-least', '6', '--for', '2h');
  await note('scale --exactly', world, 'scale', 'dev-batch/*', '--exactly', '1', '--for', '2h', '--reason', 'why not');
  await note('approve', world, 'approve');
  await note('pause', world, 'pause', '--for', '2h', '--reason', 'terraform');
  await world.run('pause', 'dev-api', '--for', '2h');
  await announce(world);
  await note('status', world, 'status');
  await note('resume', world, 'resume', 'dev-api');
  await note('scale --release', world, 'scale', '*', '--release');
  await note('history', world, 'history');
  await note('history --who', world, 'history', '--who');
  await world.clock.advance(5 * 60_000);
  await note('savings', world, 'savings', '--since', '1d');
  await note('clusters', world, 'clusters');
  world.world.failNext({ kind: 'status', status: 403 }, { times: 9 });
  for (const name of ['plan', 'run']) await note(name, world, ...(name === 'plan' ? ['plan'] : ['run', '--once']));
  world.writeConfig('regoins: {}\n');
  await note('check', world, 'check');
  await noteHeld();
  await noteAlertForms(note);
  await noteKeepingForms(note);
});

/** Something for the brake to hold. */
async function noteHeld(): Promise<void> {
  const config = (to: string) =>
    usualConfig
      .replace(/^safety.*\n/mu, '')
      .replace('"19:00"', `"${to}"`)
      .replace('[{ days: mon-fri, ', '[{ ');
  using world = aCliWorld('2026-11-23T05:00:00Z', config('07:30'));
  world.writeConfig(`${config('19:00')}safety: { brake: { pools: 1, percent: 5 } }\n`);
  for (let i = 0; i < 7; i += 1) {
    await world.run('run', '--once');
    await world.clock.advance(30 * 60_000);
  }
  world.writeConfig(`${config('08:00')}safety: { brake: { pools: 1, percent: 5 } }\n`);
  await world.run('run', '--once');
  await note('approve', world, 'approve');
}

describe('docs/json.md', () => {
  test('documents every form there is', () => {
    expect([...documented.keys()].toSorted()).toEqual([...printed.keys()].toSorted());
  });

  test.each([...documented.keys()])('%s is as documented', (name) => {
    const own = new Set((printed.get(name) ?? []).flatMap((one) => keysOf(one)));
    expect([...own].toSorted()).toEqual([...new Set(keysOf(documented.get(name)))].toSorted());
  });
});
