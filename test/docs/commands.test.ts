import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { commandGroups } from '../../lib/cli/common-options.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { aCliWorld, type CliWorld, makeOutput, type Ran, usualConfig } from '../cli/cli-world.ts';
import {
  createStateTable,
  type Dynoxide,
  dynoxideMissing,
  makeDynoxideClient,
  startDynoxide,
} from '../support/dynoxide.ts';
import { makeSkippingClock } from '../support/skipping-clock.ts';
import { type DocCommand, fencesOf, isMarked, pages, shellBlocks } from './doc-commands.ts';
import { runLong } from './long-commands.ts';

const known = new Set(Object.values(commandGroups).flat());

/** Every `lamplighter …` that stands in backticks in the text, as far as it is one command. */
const inText = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/`(?:sudo |… )?(lamplighter [^`\n]+)`/g)].map(
    ([, line = '']) => [page, line.replace(/\s#.*$|\s[|>]{1,2}\s.*$|\s\(.*$/, '').trim()] as const,
  ),
);

/** What help says of a command or of the command below it: kept, since many pages name the same. */
const helps = new Map<string, Promise<string>>();
function helpOf(name: string, below: string | undefined): Promise<string> {
  const words = below === undefined ? [name, '--help'] : [name, below, '--help'];
  const key = words.join(' ');
  const found = helps.get(key) ?? read(words);
  helps.set(key, found);
  return found;
}

async function read(words: readonly string[]): Promise<string> {
  using world = aCliWorld();
  return (await world.runWith({}, ...words)).out;
}

test('every command in the text is one, with options that it has', async () => {
  expect(inText.length).toBeGreaterThan(40);
  const wrong: string[] = [];
  for (const [page, line] of inText) {
    const [, name = '', ...rest] = line.split(/\s+/);
    if (name.startsWith('-') || name.startsWith('<') || name === '…' || name === 'runs') continue;
    if (!known.has(name)) {
      wrong.push(`${page}: ${line}: no such command`);
      continue;
    }
    const below = name === 'store' ? rest.find((word) => /^[a-z]+$/.test(word)) : undefined;
    const help = await helpOf(name, below);
    for (const option of line.match(/(?<=\s)--[a-z][\w-]*/g) ?? [])
      if (!new RegExp(`${option}(?![\\w-])`).test(help)) wrong.push(`${page}: ${line}: ${option}`);
  }
  expect(wrong).toEqual([]);
});

describe('a block with commands', () => {
  /** Blocks that are no shell's, whose commands another test runs as they stand. */
  const runElsewhere: Readonly<Record<string, string>> = {
    'docs/merge-requests.md yaml': 'test/docs/merge-requests.test.ts',
    'docs/events.md sh ci': 'test/jobs/accept/recipes.test.ts',
  };

  test('is a shell’s, or is run by a test of its own', () => {
    const others = pages
      .flatMap(fencesOf)
      .filter(({ page, line }) => !shellBlocks.some((one) => one.page === page && one.line === line));
    const withCommands = others.filter(({ text }) =>
      /^\s*(?:- (?:run: )?|run: |\$ )?(?:lamplighter|npm|npx) /m.test(text),
    );
    const places = new Set(withCommands.map(({ page, info }) => `${page} ${info}`));
    for (const place of places) expect(existsSync(runElsewhere[place] ?? `no test runs ${place}`)).toBe(true);
    const shells = others.filter(({ info }) => /^(?:sh|bash|shell|console)\b/.test(info));
    expect(
      shells.map(({ page, info }) => `${page} ${info}`).filter((place) => runElsewhere[place] === undefined),
    ).toEqual([]);
  });

  test('is marked with nothing that it does not hold', () => {
    const stale = shellBlocks.flatMap(({ page, line, notRun, commands }) =>
      notRun
        .filter((mark) => !commands.some(({ text }) => `${text} `.startsWith(`${mark} `)))
        .map((mark) => `${page}:${line} ${mark}`),
    );
    expect(stale).toEqual([]);
  });
});

const now = '2026-11-24T10:00:00Z';
const ops = `destinations:
  ops: { kind: webhook, url: "http://127.0.0.1:9", insecure: true, secret: { env: OPS_KEY } }
`;
const config = `${usualConfig}${ops}`;

/** A fleet on which Lamplighter ran, with incidents and messages that wait; all that the docs name is there. */
let fleet: CliWorld;

async function prepareFleet(): Promise<void> {
  fleet = aCliWorld(now, config);
  for (let round = 0; round < 2; round += 1) {
    expect((await runHere(['run', '--once'])).code).toBe(0);
    await fleet.clock.advance(5 * 60_000);
  }
  mkdirSync(join(fleet.folder, 'backups'));
  const backup = join(fleet.folder, 'backups/lamplighter-2026-11-24.db');
  expect((await runHere(['store', 'backup', backup])).code).toBe(0);
}

async function firstId(...argv: string[]): Promise<string> {
  return /"id": "(\w+)"/.exec((await runHere([...argv, '--json'])).out)?.[1] ?? `no id in ${argv.join(' ')}`;
}

/** What the docs name by way of example, and what it is here. */
async function hereFor(word: string): Promise<string> {
  const { folder } = fleet;
  const names: Readonly<Record<string, string>> = {
    '/backups/lamplighter-$(date +%F).db': `${folder}/backups/today.db`,
    '/backups/lamplighter-2026-11-24.db': `${folder}/backups/lamplighter-2026-11-24.db`,
    '/var/lib/lamplighter/lamplighter.db': `${folder}/lamplighter.db`,
    './lamplighter.db': `${folder}/back.db`,
    'report.html': `${folder}/report.html`,
    'my-fleet.yml': fleet.config,
    '127.0.0.1:9090': '127.0.0.1:0',
  };
  if (word === '<id>') return firstId('outbox');
  if (word === '1375b426780404a9') return firstId('incidents');
  return names[word] ?? word;
}

/** What is answered at a terminal, and ports that nobody else has. */
const answers: Readonly<Record<string, () => readonly string[]>> = {
  init: () => ['--api', 'http://127.0.0.1:8090', '--yes', '--output', join(fleet.folder, 'first.yml')],
  uninstall: () => ['--yes'],
  simulator: () => ['--port', '0'],
};
const takesNoConfig = new Set(['init', 'demo', 'simulator', 'completion', 'schema', 'man', 'version', 'help']);

function isEndless(words: readonly string[]): boolean {
  const goesOn = ['run', 'page', 'simulator'].includes(words[0] ?? '') || words.includes('--page');
  return goesOn && !words.includes('--once') && !words.includes('--out');
}

async function runHere(words: readonly string[]): Promise<Ran> {
  const stop = new AbortController();
  const [out, err] = [makeOutput(), makeOutput()];
  const [name = ''] = words;
  // What goes on until Ctrl-C is stopped once it has said something.
  const isStopped = isEndless(words);
  const heard = ({ output }: typeof out) => {
    const write = (text: string) => {
      output.write(text);
      if (isStopped) setImmediate(() => stop.abort());
    };
    return { ...output, write };
  };
  const api = simulatorApp(fleet.world).fetch;
  const { code } = await fleet.runWith(
    {
      env: { MKS_TOKEN: fleet.world.token, OPS_KEY: `whsec_${'k'.repeat(32)}` },
      fetch: async (input, init) => {
        const { port } = new URL(input instanceof Request ? input.url : String(input));
        return port === '9' ? new Response('', { status: name === 'outbox' ? 200 : 503 }) : api(input, init);
      },
      clock: isEndless(words) && name !== 'demo' ? fleet.clock : makeSkippingClock(fleet.clock.now()),
      stdout: heard(out),
      stderr: heard(err),
      signal: stop.signal,
    },
    ...words,
    ...(takesNoConfig.has(name) || (name === 'store' && words[1] === 'copy') || words.includes('--config')
      ? []
      : ['--config', fleet.config]),
  );
  return { code, out: out.text(), err: err.text() };
}

/** The words after `lamplighter`, where a command comes to that. */
function lamplighterWords({ words }: DocCommand): readonly string[] | undefined {
  const [program, ...rest] = words;
  if (program === 'lamplighter') return rest;
  if (words.slice(0, 4).join(' ') === 'npm run lamplighter --') return words.slice(4);
  if (program === 'npm' && rest[0] === 'start') return ['demo', ...rest.slice(2)];
  return undefined;
}

describe('every command in a shell’s block is run', () => {
  const missing = dynoxideMissing();
  let dynoxide: Dynoxide | undefined;

  beforeAll(async () => {
    await prepareFleet();
    if (missing !== undefined) return;
    dynoxide = await startDynoxide();
    vi.stubEnv('AWS_ENDPOINT_URL', dynoxide.endpoint);
    for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'eu-central-1');
    await createStateTable(makeDynoxideClient(dynoxide.endpoint), 'lamplighter');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await dynoxide?.stop();
    fleet[Symbol.dispose]();
  });

  const toRun = shellBlocks.flatMap((block) => block.commands.filter((command) => !isMarked(block, command)));
  const first = toRun.filter(({ text }, index) => toRun.findIndex((other) => other.text === text) === index);

  test.each(first.map((command) => [command.page, command.text, command] as const))(
    '%s: %s',
    async (_page, text, command) => {
      if (runLong.includes(text)) return;
      const words = lamplighterWords(command);
      if (words === undefined) throw new Error(`${text}: no test runs it. Mark the block: \`\`\`sh not run here: …`);
      if (text.includes('dynamodb:') && missing !== undefined) return;
      const real = await Promise.all(words.map(hereFor));
      const { code, err } = await runHere([...real, ...(answers[real[0] ?? '']?.() ?? [])]);
      expect({ code, err }).toEqual({ code: 0, err: expect.not.stringMatching(/error|unexpected/i) });
    },
  );
});
