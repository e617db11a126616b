import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listOf } from '../support/aws/template.ts';

type Statement = {
  readonly Action: string | readonly string[];
  readonly Resource: string;
  readonly Condition?: { readonly StringEquals: { readonly [key: string]: readonly string[] } };
};

const read = (file: string) =>
  (JSON.parse(readFileSync(`deploy/aws/${file}`, 'utf8')) as { readonly Statement: readonly Statement[] }).Statement;
const operator = read('operator-policy.json');
const deployer = read('deployer-policy.json');

const withAction = (statements: readonly Statement[], action: string) =>
  statements.find(({ Action }) => listOf(Action).includes(action));

test('who operates reaches each table that a deployer can make', () => {
  expect(withAction(operator, 'dynamodb:PutItem')?.Resource).toBe('arn:aws:dynamodb:REGION:ACCOUNT:table/lamplighter*');
});

test('who operates reads what lies under a key of your own', () => {
  for (const action of ['kms:Decrypt', 'kms:GenerateDataKey'])
    expect(withAction(operator, action)?.Condition?.StringEquals['kms:ViaService']).toEqual([
      'dynamodb.REGION.amazonaws.com',
      'secretsmanager.REGION.amazonaws.com',
      'sns.REGION.amazonaws.com',
    ]);
});

test('the boundary lets a topic under a key of your own be published to', () => {
  const through = withAction(read('boundary-policy.json'), 'kms:GenerateDataKey')?.Condition?.StringEquals;
  expect(through?.['kms:ViaService']).toContain('sns.REGION.amazonaws.com');
});

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html */
test('who deploys can put functions under a key of your own', () => {
  expect(listOf(withAction(deployer, 'kms:CreateGrant')?.Action ?? [])).toEqual(
    expect.arrayContaining(['kms:CreateGrant', 'kms:DescribeKey', 'kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey']),
  );
});

test('all of nothing is in it, and no action by half its name', () => {
  expect(operator.map(({ Resource }) => Resource).flat()).not.toContain('*');
  expect(operator.flatMap(({ Action }) => listOf(Action)).filter((action) => action.includes('*'))).toEqual([]);
});
