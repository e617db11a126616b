/**
 * `npm run build`: the command line as plain JavaScript in dist/cli, in files that are loaded as they are needed, one for the
 * thread that reads calendars, and one before it that asks whether this Node will do; its dependencies stay outside.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('../lib/cli/main.ts', import.meta.url));
/** Runs in a thread of its own, so it is a file of its own. */
const icsWorker = fileURLToPath(new URL('../lib/config/ics/ics-worker.ts', import.meta.url));
const start = fileURLToPath(new URL('start-cli.mjs', import.meta.url));
const pageFolder = fileURLToPath(new URL('../lib/cli/page/', import.meta.url));
const folder = fileURLToPath(new URL('../dist/cli/', import.meta.url));

/** Node refuses TypeScript below node_modules, so what `npm install` puts there is JavaScript. */
export async function buildCli(into = folder): Promise<string> {
  const outfile = `${into}lamplighter.js`;
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  await build({
    entryPoints: { main: entry, 'ics-worker': icsWorker },
    outdir: into,
    bundle: true,
    // What a command does not use is not loaded: a process on SQLite knows nothing of AWS.
    splitting: true,
    packages: 'external',
    platform: 'node',
    target: 'node22',
    format: 'esm',
    logLevel: 'error',
  });
  // The page reads them from beside its own file.
  for (const name of ['page.css', 'page.js']) await copyFile(`${pageFolder}${name}`, `${into}${name}`);
  await copyFile(start, outfile);
  await chmod(outfile, 0o755);
  // The manual page that `man lamplighter` shows after npm install --global.
  const { stdout } = await promisify(execFile)(process.execPath, [outfile, 'man']);
  await writeFile(`${into}lamplighter.1`, stdout);
  return outfile;
}

if (import.meta.main) console.log(await buildCli());
