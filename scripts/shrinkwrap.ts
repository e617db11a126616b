/**
 * Before `npm pack`: npm-shrinkwrap.json, so that whoever installs the package gets the dependencies that were tested,
 * to the byte (npm looks into no package's package-lock.json). With `--remove`, after it: away again.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const lockFile = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const target = fileURLToPath(new URL('../npm-shrinkwrap.json', import.meta.url));

type Names = { readonly [name: string]: string };

export type LockedPackage = {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
  readonly peerDependenciesMeta?: { readonly [name: string]: { readonly optional?: boolean } };
  readonly devDependencies?: Names;
};

export type Lock = { readonly packages: { readonly [path: string]: LockedPackage } };

/** The lock without what only development needs. */
export function shrinkwrapOf(lock: Lock): Lock {
  const { devDependencies: _, ...root } = lock.packages[''] ?? {};
  return { ...lock, packages: { '': root, ...Object.fromEntries(packagesThatRun(lock)) } };
}

/**
 * What the published package needs to run, by path and in order: followed from its dependencies, since the marks `dev`
 * and `optional` of a lock do not tell that for sure.
 */
export function packagesThatRun({ packages }: Lock): readonly (readonly [path: string, LockedPackage])[] {
  const found = new Set<string>();
  const follow = (from: string) => {
    for (const name of neededBy(packages[from])) {
      const path = pathOf(packages, from, name);
      if (path === undefined || found.has(path)) continue;
      found.add(path);
      follow(path);
    }
  };
  follow('');
  return Object.entries(packages).filter(([path]) => found.has(path));
}

/** A peer that may be missing is nothing that the package runs. */
function neededBy(one: LockedPackage = {}): readonly string[] {
  const peers = Object.keys(one.peerDependencies ?? {}).filter(
    (name) => one.peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [...Object.keys({ ...one.dependencies, ...one.optionalDependencies }), ...peers];
}

/** As Node looks for it: beside the package that asks, then further and further out. */
function pathOf(packages: Lock['packages'], from: string, name: string): string | undefined {
  const outer = from.lastIndexOf('/node_modules/');
  const path = from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`;
  if (path in packages) return path;
  return from === '' ? undefined : pathOf(packages, outer === -1 ? '' : from.slice(0, outer), name);
}

export async function readLock(): Promise<Lock> {
  return JSON.parse(await readFile(lockFile, 'utf8')) as Lock;
}

if (import.meta.main) {
  if (process.argv.includes('--remove')) await rm(target, { force: true });
  else {
    const lock = await readLock();
    await writeFile(target, `${JSON.stringify(shrinkwrapOf(lock), null, 2)}\n`);
  }
}
