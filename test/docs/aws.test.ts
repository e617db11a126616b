import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { secretNames } from '../../scripts/aws/secret-resources.ts';
import { compileForFunctions } from '../../scripts/build-functions.ts';
import { shellBlocks } from './doc-commands.ts';

const page = readFileSync('docs/aws.md', 'utf8');

test('the page makes the secrets that its example names', async () => {
  const config = await compileForFunctions('deploy/lamplighter.aws.example.yml');
  const named = new Set(Object.values(secretNames(config)).flat());
  const made = [...page.matchAll(/create-secret .*--name (\S+)/gu)].map((match) => match[1]);
  expect(new Set(made)).toEqual(named);
});

test('every command that has a region says which', () => {
  const commands = shellBlocks.filter((block) => block.page === 'docs/aws.md').flatMap((block) => block.commands);
  const regional = commands.map(({ text }) => text).filter((text) => /^(?:aws|npx serverless) /u.test(text));
  expect(regional.length).toBeGreaterThan(6);
  expect(regional.filter((line) => !line.includes('--region "$AWS_REGION"'))).toEqual([]);
});

test('the versions of Node are those that the package takes', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  expect(page).toContain(`Node ${engines.node.replace('>=', '')} or newer`);
});
