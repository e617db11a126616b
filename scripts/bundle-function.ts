import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';

export type Bundle = {
  /** All files together. */
  readonly bytes: number;
  /** What is read before the first invocation; the rest waits until something asks for it. */
  readonly bytesAtStart: number;
  /** Files that went in, relative to the project. */
  readonly inputs: readonly string[];
};

/** CommonJS parts of an ES module ask for Node's own modules by `require`. The name is long: short ones meet minified ones. */
const banner = [
  "import { createRequire as lamplighterCreateRequire } from 'node:module';",
  'const require = lamplighterCreateRequire(import.meta.url);',
].join('\n');

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * One function → `index.mjs` in that folder, and a file for each part that is loaded when it is needed: other jobs,
 * clients of AWS, ways to find credentials. Lambda's Node runs them as they are. The same sources give the same bytes.
 */
export async function bundleFunction(entry: string, into: string): Promise<Bundle> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { index: entry },
    outdir: into,
    bundle: true,
    splitting: true,
    chunkNames: 'part-[hash]',
    outExtension: { '.js': '.mjs' },
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // The SDK's ES modules leave out a third of what its CommonJS would bring along.
    mainFields: ['module', 'main'],
    banner: { js: banner },
    // Notices of licences stand in docs/dependencies.md.
    legalComments: 'none',
    metafile: true,
    plugins: [ownJobOnly(basename(entry, '.ts'))],
    logLevel: 'error',
  });
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  return { bytes, bytesAtStart: bytesAtStart(metafile), inputs: Object.keys(metafile.inputs) };
}

const jobOf: { readonly [functionName: string]: string } = {
  'scale-pools': 'scale',
  'watch-clusters': 'watch',
  'deliver-alerts': 'deliver',
  'accept-events': 'accept',
};

/**
 * lib/app.ts knows all jobs, and lib/io all ways to send. What a function never runs would make
 * its package larger, and would cut the code that it shares with the rest into more files.
 */
function ownJobOnly(functionName: string): Plugin {
  const own = jobOf[functionName];
  const isOther = (path: string) =>
    (own !== 'deliver' && (path === './sns.ts' || path === './smtp.ts')) ||
    (path.startsWith('./jobs/') && !path.startsWith(`./jobs/${own}/`));
  return {
    name: 'own-job-only',
    setup: (bundling) => {
      bundling.onResolve({ filter: /^\.\// }, ({ path, kind }) =>
        kind === 'dynamic-import' && own !== undefined && isOther(path) ? { path, namespace: 'other-job' } : undefined,
      );
      bundling.onLoad({ filter: /./, namespace: 'other-job' }, ({ path }) => ({
        contents: `throw new Error('${functionName} has no ${path}');`,
      }));
      bundling.onLoad({ filter: /[/\\]lib[/\\](app|io[/\\]secrets[/\\]aws-secret)\.ts$/ }, async ({ path }) => ({
        contents: loadedAtOnce(await readFile(path, 'utf8'), own),
        loader: 'ts',
      }));
    },
  };
}

/**
 * A function loads its job, and where it needs a secret in every run, its client, when it starts. To `import()` them once
 * more would take a millisecond each, and would cut what they share with the rest into files of their own.
 */
function loadedAtOnce(source: string, job: string | undefined): string {
  const early: string[] = [];
  const rest = source.replaceAll(/\bawait import\('([^']+)'\)/gu, (whole, path: string) => {
    const isClient = path === './secrets-manager.ts' && job !== 'accept';
    if (job === undefined || !(isClient || path.startsWith(`./jobs/${job}/`))) return whole;
    early.push(`import * as early${early.length} from '${path}';`);
    return `early${early.length - 1}`;
  });
  return [...early, rest].join('\n');
}

function bytesAtStart({ outputs }: Metafile): number {
  const entry = Object.keys(outputs).find(
    (path) => outputs[path]?.entryPoint !== undefined && path.endsWith('index.mjs'),
  );
  const waiting = entry === undefined ? [] : [entry];
  const read = new Set<string>();
  for (const path of waiting) {
    if (read.has(path)) continue;
    read.add(path);
    const imports = outputs[path]?.imports ?? [];
    waiting.push(
      ...imports
        .filter(({ kind, external }) => kind === 'import-statement' && external !== true)
        .map((one) => one.path),
    );
  }
  return [...read].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
}
