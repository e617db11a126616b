import { build, type Metafile } from 'esbuild';

export type Bundle = {
  readonly bytes: number;
  /** Files that went in, relative to the project. */
  readonly inputs: readonly string[];
  readonly metafile: Metafile;
};

/** CommonJS parts of an ES module ask for Node's own modules by `require`. The name is long: short ones meet minified ones. */
const banner = [
  "import { createRequire as lamplighterCreateRequire } from 'node:module';",
  'const require = lamplighterCreateRequire(import.meta.url);',
].join('\n');

/** One function → one file that Lambda's Node runs as it is. The same sources give the same bytes. */
export async function bundleFunction(entry: string, outfile: string): Promise<Bundle> {
  const result = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
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
    logLevel: 'error',
  });
  const output = Object.values(result.metafile.outputs)[0];
  return { bytes: output?.bytes ?? 0, inputs: Object.keys(output?.inputs ?? {}), metafile: result.metafile };
}
