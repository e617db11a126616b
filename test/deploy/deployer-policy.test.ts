import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { needsOf } from '../support/aws/deployer-needs.ts';
import { listOf } from '../support/aws/template.ts';

type Statement = {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
};

const text = readFileSync('deploy/aws/deployer-policy.json', 'utf8');
const { Statement: statements } = JSON.parse(text) as { Statement: Statement[] };
const actions = statements.flatMap(({ Action }) => Action);

/** Those of the actions that no statement allows on this ARN. */
function refused(wanted: readonly string[], arn: string): readonly string[] {
  return wanted.filter(
    (action) =>
      !statements.some(
        ({ Action, Resource }) =>
          listOf(Action).includes(action) && listOf(Resource).some((pattern) => fits(pattern, arn)),
      ),
  );
}

function fits(pattern: string, arn: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/gu, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'u').test(arn);
}

describe.each(Object.entries(needsOf))('who deploys may, for %s,', (_, { arn, ...needs }) => {
  test.each(Object.entries(needs))('%s', (_step, wanted) => {
    expect(refused(wanted, arn)).toEqual([]);
  });
});

test('who deploys may tag the stack, as osls does', () => {
  const stack = 'arn:aws:cloudformation:REGION:ACCOUNT:stack/lamplighter-prod/0b9e7c1d';
  const tagged = ['CreateStack', 'CreateChangeSet', 'UpdateStack', 'DeleteStack', 'TagResource', 'UntagResource'];
  expect(
    refused(
      tagged.map((action) => `cloudformation:${action}`),
      stack,
    ),
  ).toEqual([]);
});

test('hands roles to functions and schedules', () => {
  expect(refused(['iam:PassRole'], needsOf['AWS::IAM::Role']?.arn ?? '')).toEqual([]);
});

test('but only what is Lamplighter’s, and all of nothing', () => {
  expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  const everywhere = statements.filter(({ Resource }) => Resource === '*').map(({ Sid }) => Sid);
  expect(everywhere).toEqual(['CheckTheTemplate', 'TheQueuesOfTheFunctions', 'TheKey', 'LookForLogs']);
});

test('whatever makes or changes what a role may do is bound to the boundary', () => {
  const making = ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:AttachRolePolicy', 'iam:PutRolePermissionsBoundary'];
  const boundary = 'arn:aws:iam::ACCOUNT:policy/lamplighter-boundary';
  for (const { Sid, Condition } of statements.filter((one) => listOf(one.Action).some((a) => making.includes(a))))
    expect(Condition, Sid).toEqual({ StringEquals: { 'iam:PermissionsBoundary': boundary } });
  expect(actions).not.toContain('iam:DeleteRolePermissionsBoundary');
  expect(actions.filter((action) => /iam:.*(?:User|Group|Policy(?:Version)?$)/u.test(action))).toEqual([
    'iam:PutRolePolicy',
    'iam:DeleteRolePolicy',
    'iam:UpdateAssumeRolePolicy',
    'iam:GetRolePolicy',
  ]);
});

test('the functions it connects to queues are Lamplighter’s', () => {
  const connecting = statements.find(({ Action }) => Action.includes('lambda:CreateEventSourceMapping'));
  expect(JSON.stringify(connecting?.Condition)).toContain('function:lamplighter-*');
});

test('the table, with the sizes that pools get back, cannot be deleted', () => {
  expect(actions).not.toContain('dynamodb:DeleteTable');
});

test('secrets are not among it', () => {
  expect(actions.filter((action) => action.startsWith('secretsmanager:'))).toEqual([]);
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
test('it fits in one managed policy, wherever the account is', () => {
  const filled = text.replaceAll('REGION', 'ap-southeast-1').replaceAll('ACCOUNT', '111122223333');
  expect(filled.replace(/\s/gu, '').length).toBeLessThanOrEqual(6_144);
});
