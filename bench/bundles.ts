/** How large each function's bundle is, and what is in it. `node bench/bundles.ts` prints it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { functionNames } from '../scripts/build-functions.ts';
import { type Bundle, bundleFunction } from '../scripts/bundle-function.ts';
import { makeTemporaryFolder } from '../test/support/temporary-folder.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export type BundledFunction = {
  readonly name: string /** Read at every cold start. */;
  readonly bytes: number;
  readonly packages: readonly string[];
};

/** What a function may not carry: parts of the command line and of the build, and what only one of the others needs. */
export const forbidden: { readonly [name: string]: readonly string[] } = {
  every: [
    'yaml',
    'commander',
    '@clack/prompts',
    'date-holidays',
    'ical.js',
    'prom-client',
    'picomatch',
    'fastest-levenshtein',
    'esbuild',
    '@hono/node-server',
  ],
  'scale-pools': ['hono', 'nodemailer', '@aws-sdk/client-sns'],
  'watch-clusters': ['hono', 'nodemailer', '@aws-sdk/client-sns'],
  'deliver-alerts': ['hono'],
  'accept-events': ['nodemailer', '@aws-sdk/client-sns'],
};

/** All packages that a function may carry. One more is a decision: it is paid for at every cold start. */
export const known: readonly RegExp[] = [
  /^@aws-sdk\//u,
  /^@aws\/lambda-invoke-store$/u,
  /^@smithy\//u,
  /^@middy\/(?:core|util)$/u,
  // Waits for the first mail.
  /^nodemailer$/u,
  /^(?:ky|valibot|temporal-polyfill|temporal-utils|hono)$/u,
  /^(?:mnemonist|obliterator|bowser|fast-xml-parser|strnum|tslib)$/u,
];

async function bundleAll(): Promise<readonly BundledFunction[]> {
  const folder = makeTemporaryFolder();
  try {
    return await Promise.all(
      functionNames.map(async (name) =>
        bundled(name, await bundleFunction(join(root, 'functions', `${name}.ts`), join(folder.path, name))),
      ),
    );
  } finally {
    folder.remove();
  }
}

export function bundled(name: string, { bytesAtStart, inputs }: Bundle): BundledFunction {
  return { name, bytes: bytesAtStart, packages: packagesOf(inputs) };
}

function packagesOf(inputs: readonly string[]): readonly string[] {
  const names = inputs.flatMap((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/u.exec(input)?.[1] ?? []);
  return [...new Set(names)].sort();
}

export async function bench(): Promise<readonly BenchResult[]> {
  const bundles = await bundleAll();
  return bundles.map(({ name, bytes, packages }) =>
    benchResult(
      `${name}: read at a cold start`,
      bytes / 1000,
      'kB',
      { atMost: mostKilobytes },
      `${packages.length} packages`,
    ),
  );
}

/** Measured at 490 to 557 kB; one more client of AWS, or a job that is not the function's own, would show. */
export const mostKilobytes = 565;

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
