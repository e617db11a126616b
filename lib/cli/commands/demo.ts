import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Film, Look } from '../demo/film.ts';
import type { Stage } from '../demo/stage.ts';
import { examples } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { makePaint } from '../text/paint.ts';

type DemoOptions = { readonly seconds: number; readonly page?: true };

export function addDemo(program: Command, parts: CliParts): void {
  const command = program
    .command('demo')
    .description('Watch an evening, a night and a morning of a simulated fleet, in about a minute. Needs no account.')
    .addOption(new Option('--seconds <number>', 'how long it takes').argParser(readSeconds).default(55))
    .option('--page', 'then serve the page of the fleet, until Ctrl-C')
    .action((options: DemoOptions) => demo(parts, options));
  examples(command, [
    ['lamplighter demo', 'in a minute'],
    ['lamplighter demo --seconds 10', 'faster'],
    ['lamplighter demo --seconds 10 --page', 'and then in a browser'],
  ]);
}

/** The jobs are the real ones; only the fleet and its time are made up. */
async function demo(parts: CliParts, { seconds, page }: DemoOptions): Promise<void> {
  const [{ setStage, storyStart }, { playStory }, { openScreen }, { morningMs, storyMs, tickMs }] = await Promise.all([
    import('../demo/stage.ts'),
    import('../demo/play-story.ts'),
    import('../demo/show-frames.ts'),
    import('../demo/script.ts'),
  ]);
  parts.stdout.write(
    'A night with Lamplighter: a simulated fleet, the production code, a clock 1,000 times faster.\n\n',
  );
  const stage = await setStage(parts, storyStart(parts.clock.now()));
  const screen = openScreen(parts);
  const frameMs = (seconds * 1000 * tickMs) / storyMs;
  let film: Film | undefined;
  try {
    const startedAt = parts.clock.now();
    let frames = 0;
    for await (const frame of playStory(stage, parts.clock)) {
      film = frame.film;
      screen.show(frame);
      frames += 1;
      await parts.clock.sleep(Math.max(0, startedAt + frames * frameMs - parts.clock.now()), parts.signal);
      if (parts.signal.aborted) break;
    }
  } finally {
    screen.close(parts.signal.aborted ? undefined : film);
  }
  parts.stdout.write(parts.signal.aborted ? '\nStopped early. ' : `\n${whatHappened(stage, film, morningMs)}\n`);
  parts.stdout.write(whatNext(parts));
  if (page && !parts.signal.aborted) await servePage(parts, stage);
}

/** The story's clock stands still: the page shows the morning after. */
async function servePage(parts: CliParts, { store, config, clock }: Stage): Promise<void> {
  const [{ servePageOf }, { demoZone }] = await Promise.all([
    import('../page/serve-page.ts'),
    import('../demo/stage.ts'),
  ]);
  const listen = { host: '127.0.0.1', port: 9090 };
  await servePageOf(
    parts,
    { store, clock, config: () => config, zone: () => demoZone, clean: parts.redactor.clean },
    listen,
  );
}

/** Counted from what was seen, tick by tick. */
function whatHappened({ world }: Stage, film: Film | undefined, morningMs: number): string {
  const seen = [...(film?.pools.values() ?? [])];
  const nodeTicks = seen.reduce((sum, looks) => sum + looks.reduce((own, { size }) => own + size, 0), 0);
  const always = seen.reduce((sum, looks) => sum + (looks[0]?.size ?? 0) * looks.length, 0);
  const changes = world.requests.filter(({ method }) => method === 'PUT').length;
  const saved = always === 0 ? 0 : Math.round((1 - nodeTicks / always) * 100);
  const morning = morningMs / (film?.tickMs ?? 1);
  const isReady = (looks: readonly Look[]) => looks[morning]?.asked === looks[0]?.asked && !looks[morning]?.isMoving;
  return `${changes} changes, one at a time per cluster. The fleet used ${saved} % fewer node-hours than at its size of 17:00.
At 07:00, ${seen.filter(isReady).length} of ${seen.length} pools were ready at the size they had in the evening. mgmt/system has
no schedule: it was watched, and never changed.`;
}

function whatNext({ stdout, env }: CliParts): string {
  const paint = makePaint(stdout, env);
  return `
Next, with a simulated fleet of your own:
  ${paint.cyan('lamplighter simulator --speed 60')}     in one terminal: serves an MKS API, prints its address and token
  ${paint.cyan('lamplighter init')}                     in another: reads the fleet, writes a config that only observes
  ${paint.cyan('lamplighter plan')}                     shows what a round would do now
  ${paint.cyan('lamplighter demo --page')}              plays this again, then serves its page for a browser
With a token for your own clusters, begin with init too. (From a clone: npm run lamplighter -- init)
`;
}

function readSeconds(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('not a number of seconds; write one such as 10');
}
