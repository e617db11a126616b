import { beforeAll, describe, expect, test } from 'vitest';
import { type BundledFunction, bundled, forbidden, known, mostKilobytes } from '../../bench/bundles.ts';
import { functionNames } from '../../scripts/build-functions.ts';
import { packageExample } from '../support/aws/package-service.ts';

let bundles: readonly BundledFunction[];

beforeAll(async () => {
  const packaged = await packageExample();
  bundles = Object.entries(packaged.bundles).map(([name, bundle]) => bundled(name, bundle));
}, 60_000);

describe.each(functionNames)('the bundle of %s', (name) => {
  const bundle = () => bundles.find((one) => one.name === name)!;

  test('carries nothing of the command line or of other functions', () => {
    const banned = [...(forbidden['every'] ?? []), ...(forbidden[name] ?? [])];
    expect(bundle().packages.filter((one) => banned.includes(one))).toEqual([]);
  });

  test('carries no package that nobody decided on', () => {
    expect(bundle().packages.filter((one) => !known.some((pattern) => pattern.test(one)))).toEqual([]);
  });

  test('stays small', () => {
    expect(bundle().bytes).toBeGreaterThan(100_000);
    expect(bundle().bytes).toBeLessThan(mostKilobytes * 1000);
  });
});
