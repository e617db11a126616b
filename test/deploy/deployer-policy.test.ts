import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { partsOf } from '../../scripts/aws/parts-of.ts';
import { compileForFunctions } from '../../scripts/build-functions.ts';

type Statement = {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
};

const { Statement: statements } = JSON.parse(readFileSync('deploy/aws/deployer-policy.json', 'utf8')) as {
  Statement: Statement[];
};
const actions = statements.flatMap(({ Action }) => Action);

/** What CloudFormation calls to make one of each. */
const makes: { readonly [type: string]: string } = {
  'AWS::Lambda::Function': 'lambda:CreateFunction',
  'AWS::Lambda::EventInvokeConfig': 'lambda:PutFunctionEventInvokeConfig',
  'AWS::Lambda::EventSourceMapping': 'lambda:CreateEventSourceMapping',
  'AWS::Lambda::Permission': 'lambda:AddPermission',
  'AWS::Lambda::Url': 'lambda:CreateFunctionUrlConfig',
  'AWS::IAM::Role': 'iam:CreateRole',
  'AWS::IAM::Policy': 'iam:PutRolePolicy',
  'AWS::DynamoDB::Table': 'dynamodb:CreateTable',
  'AWS::SQS::Queue': 'sqs:CreateQueue',
  'AWS::SQS::QueuePolicy': 'sqs:SetQueueAttributes',
  'AWS::Scheduler::Schedule': 'scheduler:CreateSchedule',
  'AWS::Events::Rule': 'events:PutRule',
  'AWS::Logs::LogGroup': 'logs:CreateLogGroup',
  'AWS::CloudWatch::Alarm': 'cloudwatch:PutMetricAlarm',
  'AWS::S3::Bucket': 's3:CreateBucket',
  'AWS::S3::BucketPolicy': 's3:PutBucketPolicy',
};

test('who deploys may make each kind of resource', async () => {
  expect(Object.values(makes).filter((action) => !actions.includes(action))).toEqual([]);
  const config = await compileForFunctions('deploy/lamplighter.aws.example.yml');
  const { Resources } = partsOf(config, { alarmTopic: '', isCapped: true }).resources;
  expect(Object.values(Resources).filter(({ Type }) => makes[Type] === undefined)).toEqual([]);
});

test('but only what is Lamplighter’s, and all of nothing', () => {
  expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  const everywhere = statements.filter(({ Resource }) => Resource === '*').map(({ Sid }) => Sid);
  expect(everywhere).toEqual(['CheckTheTemplate', 'TheQueuesOfTheFunctions', 'TheKeyOfTheTable', 'LookForLogs']);
});

test('secrets are not among it', () => {
  expect(actions.filter((action) => action.startsWith('secretsmanager:'))).toEqual([]);
});
