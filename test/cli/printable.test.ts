import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, printableJson, printableOutput } from '../../lib/model/printable.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { anyNoise } from '../support/any-text.ts';
import { everyNth } from '../support/runs.ts';
import { aCliWorld, type CliWorld, makeOutput, usualConfig } from './cli-world.ts';

/** A line of its own, a colour, a cleared screen in C0 and C1, a turned direction, a separator of lines. */
const nasty = 'x\nFORGED line\r\x1b[31mred\x1b[2J\u009b2J\u202Eturned\u2066\u2028\x07\u200F';

/** What a terminal obeys; control characters but for the line break that ends our own lines. */
const obeyed = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;

function expectShown(place: string, text: string): void {
  expect([place, obeyed.exec(text)?.index ?? 'none', obeyed.test(text) ? text : '']).toEqual([place, 'none', '']);
  expect([place, /^(?:FORGED|\s*red)/m.test(text) ? text : 'none']).toEqual([place, 'none']);
}

/** Every name, status, version and error of the API carries it, on one cluster each way. */
function aNastyWorld(patch: (item: Record<string, unknown>) => Record<string, unknown>, config?: string): CliWorld {
  const cli = aCliWorld('2026-11-23T22:00:00Z', config);
  const app = simulatorApp(cli.world).fetch;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const answer = await app(input, init);
    const json: unknown = JSON.parse(await answer.text(), (_, value: unknown) => {
      const isItem = typeof value === 'object' && value !== null && 'status' in value && 'name' in value;
      return isItem ? patch(value) : value;
    });
    return Response.json(json, { status: answer.status, headers: answer.headers });
  };
  const run: CliWorld['run'] = (...argv) => cli.runWith({ fetch }, ...argv, '--config', cli.config);
  return { ...cli, run, json: async (...argv) => JSON.parse((await run(...argv, '--json')).out) as unknown };
}

const reads: readonly (readonly string[])[] = [
  ['plan'],
  ['run', '--once'],
  ['status'],
  ['history'],
  ['explain', `dev-api/workers`],
  ['explain', `dev-api/nothing`],
  ['incidents', '--all'],
  ['outbox'],
  ['outbox', '--history', '7d'],
  ['silence', '--list'],
  ['rehearse', '--days', '1'],
  ['doctor'],
  ['check'],
  ['base'],
  ['base', 'dev-api/worker', 'set', '3'],
  ['approve'],
  ['resume', '*'],
];

const worlds: readonly (readonly [string, (item: Record<string, unknown>) => Record<string, unknown>])[] = [
  ['names', (item) => ({ ...item, name: `${String(item['name'])}${nasty}` })],
  [
    'statuses and versions',
    (item) => {
      const version = { id: 'v1', version: `1.30${nasty}`, eol: '2026-12-01T00:00:00Z' };
      return { ...item, status: `Running${nasty}`, version };
    },
  ],
  [
    'errors and versions',
    (item) => {
      const version = { id: 'v1', version: `1.30${nasty}`, eol: '2026-12-01T00:00:00Z' };
      return { ...item, status: 'version' in item ? 'Running' : 'Error', errors: [`no quota${nasty}`], version };
    },
  ],
];

describe('what the API sends is shown and never obeyed', () => {
  test.each(worlds.map(([name, patch], nth) => [name, patch, nth] as const))('in %s', async (_, patch, nth) => {
    using cli = aNastyWorld(patch);
    await cli.run('silence', '*', '--for', '2h', '--reason', nasty);
    await cli.run('pause', 'dev-*/*', '--for', '2h', '--reason', nasty);
    await cli.run('scale', 'ml/gpu', '--at-least', '2', '--for', '2h', '--reason', nasty);
    await cli.run('run', '--once');
    for (const argv of everyNth(worlds.length, nth, reads)) {
      const { out, err } = await cli.run(...argv);
      expectShown(argv.join(' '), out + err);
    }
  });
});

test.each(['plan', 'history', 'status', 'doctor'])('%s --json holds nothing that is obeyed', async (command) => {
  using cli = aNastyWorld(worlds[0]![1]);
  await cli.run('run', '--once');
  const { out, err } = await cli.run(command, '--json');
  expectShown(command, out + err);
  expect(out).toContain('FORGED');
});

test('in JSON a name keeps its characters', async () => {
  using cli = aNastyWorld((item) => ({ ...item, name: `${String(item['name'])}${nasty}` }));
  const plan = (await cli.json('plan')) as { readonly holds: readonly { readonly cluster: string }[] };
  expect(plan.holds.map(({ cluster }) => cluster)).toContain(`dev-api${nasty}`);
});

test('what people gave as a reason is shown', async () => {
  using cli = aCliWorld();
  await cli.run('run', '--once');
  const done = [
    await cli.run('pause', 'dev-api/workers', '--for', '2h', '--reason', nasty),
    await cli.run('scale', 'ml/gpu', '--at-least', '2', '--for', '2h', '--reason', nasty),
    await cli.run('plan'),
    await cli.run('run', '--once'),
    await cli.run('status'),
    await cli.run('explain', 'dev-api/workers'),
    await cli.run('explain', 'ml/gpu'),
    await cli.run('history'),
    await cli.run('resume', 'dev-api/workers'),
  ];
  for (const [at, { out, err }] of done.entries()) expectShown(`command ${at}`, out + err);
  expect(done.map(({ out }) => out).join('')).toContain('\\u202e');
});

describe('one place escapes', () => {
  test('what nobody sees in a pasted name is shown, and an emoji stays', () => {
    expect(printable('dev\u200B-api\u2060/wor\u00ADkers')).toBe('dev\\u200b-api\\u2060/wor\\xadkers');
    const family = '\u{1F468}\u200D\u{1F469} \u0645\u06CC\u200C\u0631';
    expect(printable(family)).toBe(family);
  });

  test('a text becomes one printable line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyNoise({ maxLength: 1 }), fc.constantFrom(...nasty.split('')))).map((all) => all.join('')),
        (text) => {
          expect(printable(text)).not.toMatch(obeyed);
          expect(printable(text)).not.toContain('\n');
          const json = JSON.stringify({ text }, undefined, 2);
          expect(printableJson(json)).not.toMatch(obeyed);
          expect(JSON.parse(printableJson(json))).toEqual({ text });
        },
      ),
    );
  });

  test('our own colours and line breaks pass, and nothing else', () => {
    expect(printableOutput('\x1b[1mbold\x1b[22m\nnext\x1b[K', true)).toBe('\x1b[1mbold\x1b[22m\nnext\x1b[K');
    expect(printableOutput('\x1b[1mbold\n', false)).toBe('\\x1b[1mbold\n');
    expect(printableOutput('\x1b]0;title\x07\x1b[6n\x1bc\u009b31m\r', true)).toBe(
      '\\x1b]0;title\\x07\\x1b[6n\\x1bc\\x9b31m\\x0d',
    );
  });

  test('whatever a command prints passes it', async () => {
    using cli = aCliWorld();
    const out = makeOutput();
    await cli.runWith(
      { stdout: out.output },
      'explain',
      'a\x07b/c',
      '--at',
      '2026-12-24T17:00Z',
      '--config',
      cli.config,
    );
    expect(out.text()).toContain('a\\x07b/c');
  });
});

describe('a name of more than 253 characters', () => {
  const config = usualConfig;

  test('of a pool: it is named and left alone, its neighbours are kept', async () => {
    using cli = aNastyWorld((item) => (item['name'] === 'workers' ? { ...item, name: 'w'.repeat(254) } : item), config);
    const { out, err } = await cli.run('plan');
    expect(err).toBe('');
    expect(out).toMatch(/holds dev-api\/w{59}… .*cannot be read: its name has 254 characters; the limit is 253/);
    expect(out).toMatch(/would scale dev-api\/(?!w{20})/);
    await cli.run('run', '--once');
    await cli.run('run', '--once');
    const { out: open } = await cli.run('incidents', '--all');
    expect(open).toMatch(/pool\.unclear/);
  });

  test('of a cluster: it is named and left alone, its neighbours are kept', async () => {
    using cli = aNastyWorld(
      (item) => (item['name'] === 'dev-api' ? { ...item, name: `dev-${'w'.repeat(5000)}` } : item),
      config,
    );
    const { out } = await cli.run('plan');
    expect(out).toMatch(/problem: the node pools of dev-w{55}… could not be listed: .*its name has 5004 characters/);
    expect(out).toMatch(/would scale /);
  });

  test('of exactly 253 it is a name like others', async () => {
    using cli = aNastyWorld((item) => (item['name'] === 'workers' ? { ...item, name: 'w'.repeat(253) } : item), config);
    expect((await cli.run('plan')).out).toMatch(/dev-api\/w{253} /);
  });
});
