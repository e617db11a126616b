import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCli } from '../../scripts/build-cli.ts';
import { madeOnce } from './made-once.ts';

let built: Promise<string> | undefined;

/**
 * The script of the command line as `npm install` brings it, built once for all tests: as JavaScript in few files a process
 * starts in half the time that it takes from the sources.
 */
export function builtCli(): Promise<string> {
  return (built ??= build());
}

async function build(): Promise<string> {
  const folder = await madeOnce('lamplighter-cli', ['package.json', 'scripts', 'lib'], async (filling) => {
    await buildCli(`${filling}/cli/`);
    // Below node_modules no package.json of the project is looked for.
    writeFileSync(join(filling, 'package.json'), '{ "type": "module" }\n');
  });
  return join(folder, 'cli/lamplighter.js');
}
