import { chmod, writeFile as saveFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { usualDays } from '../../decide/page/time-axis.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { boundedStore } from '../../io/stores/bounded-store.ts';
import { openStore } from '../../io/stores/open-store.ts';
import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { commandHint, counted } from '../../model/text.ts';
import { readAskedMatch } from '../asks/asked-match.ts';
import { isStoreThere, readConfig } from '../config-and-store.ts';
import { fullDisk } from '../failure.ts';
import { type ConfigOption, configOption, examples } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { readingZone } from '../text/instant.ts';
import { readAddress } from './run.ts';

type PageOptions = ConfigOption & {
  readonly listen: { readonly host: string; readonly port: number };
  readonly out?: string;
  readonly match?: string;
  readonly days?: number;
};

export function addPageCommand(program: Command, parts: CliParts): void {
  const command = program
    .command('page')
    .description('Show the fleet in a browser, or write it to one file. Reads the store, changes nothing.')
    .addOption(
      new Option('--listen <host:port>', 'serve it there')
        .argParser(readAddress)
        .default({ host: '127.0.0.1', port: 9090 }, '127.0.0.1:9090'),
    )
    .addOption(new Option('--out <file>', 'write it to one self-contained file instead').conflicts('listen'))
    .option('--match <match>', 'with --out: only these pools')
    .addOption(
      new Option('--days <number>', `with --out: how many days are shown (default: ${usualDays})`).argParser(readDays),
    )
    .addOption(configOption())
    .action((options: PageOptions) => page(parts, options));
  examples(command, [
    ['lamplighter page', 'serve it on http://127.0.0.1:9090'],
    ['lamplighter page --out report.html', 'write one file'],
    ['lamplighter page --out dev.html --match "dev-*/*"', 'only some pools'],
  ]);
}

async function page(parts: CliParts, options: PageOptions): Promise<void> {
  for (const option of ['match', 'days'] as const)
    if (options.out === undefined && options[option] !== undefined)
      throw new UsageError(`--${option} is for one file: add --out <file>`);
  const config = await readConfig(parts, options.config);
  if (!(await isStoreThere(config.store)))
    throw new CommandError(
      `There is no store yet: nothing has run with this config; begin with: ${commandHint(config, 'run')}`,
    );
  const store = boundedStore(await openStore(config.store, parts), parts.clock);
  const { clock, redactor } = parts;
  const pageParts = {
    store,
    clock,
    config: () => config,
    zone: () => readingZone(config, parts),
    clean: redactor.clean,
  };
  try {
    const { out } = options;
    if (out !== undefined) return await writeFile(parts, store, config, { ...options, out });
    const { servePageOf } = await import('../page/serve-page.ts');
    await servePageOf(parts, pageParts, options.listen);
  } finally {
    await store.close();
  }
}

/** Readable by its owner alone: it names the fleet, and what is wrong with it. */
async function writeFile(
  parts: CliParts,
  store: Store,
  config: CompiledConfig,
  { out, match: text, days = usualDays }: PageOptions & { readonly out: string },
): Promise<void> {
  const match = text === undefined ? undefined : readAskedMatch(text, config);
  const { makePage } = await import('../page/page-model.ts');
  const { renderFile } = await import('../page/render-file.ts');
  const page = await makePage(store, config, parts.clock.now(), readingZone(config, parts), match);
  const written = await renderFile(page, store, days, parts.redactor.clean);
  try {
    await saveFile(out, written, { mode: 0o600 });
    await chmod(out, 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    if (fullDisk.has(code)) throw error;
    throw new CommandError(`${out} could not be written (${code}): name another --out`, { cause: error });
  }
  parts.stdout.write(`${out}: ${counted(page.rows.length, 'pool')}, ${Math.round(written.length / 1024)} KB\n`);
}

function readDays(text: string): number {
  const days = Number(text);
  if (/^\d{1,2}$/u.test(text) && days >= 3 && days <= 14) return days;
  throw new InvalidArgumentError('not a number of days; write 3 to 14');
}
