/** What CloudFormation does with the credentials of whoever deploys, for one kind of resource. */
export type Needs = {
  /** An ARN such as the stack gives it. */
  readonly arn: string;
  readonly create: readonly string[];
  /** Every stack has the tag STAGE, and CloudFormation puts a stack's tags on each resource that takes tags. */
  readonly tag?: readonly string[];
  readonly update?: readonly string[];
  /** Absent: the resource outlives the stack. */
  readonly remove?: readonly string[];
};

const inAccount = (service: string, rest: string) => `arn:aws:${service}:REGION:ACCOUNT:${rest}`;
const fn = inAccount('lambda', 'function:lamplighter-prod-scale-pools');
const role = 'arn:aws:iam::ACCOUNT:role/lamplighter-prod-ScalePoolsRole-1A2B3C4D';
const queue = inAccount('sqs', 'lamplighter-events');
const bucket = 'arn:aws:s3:::lamplighter-prod-serverlessdeploymentbucket-1a2b3c4d';

/**
 * From the handlers and the tagging permissions of each type's schema ("aws cloudformation describe-type --type RESOURCE
 * --type-name …"), without what belongs to properties that no resource here has (VPCs, keys and file systems of one's
 * own, replicas, streams). AWS::IAM::Policy and AWS::SQS::QueuePolicy have no handlers there: the calls of their APIs.
 */
export const needsOf: { readonly [type: string]: Needs } = {
  'AWS::Lambda::Function': {
    arn: fn,
    create: [
      'lambda:CreateFunction',
      'lambda:GetFunction',
      'lambda:PutFunctionConcurrency',
      'lambda:GetFunctionCodeSigningConfig',
      'lambda:GetFunctionRecursionConfig',
      'lambda:GetFunctionScalingConfig',
      'lambda:GetRuntimeManagementConfig',
    ],
    tag: ['lambda:TagResource', 'lambda:UntagResource', 'lambda:ListTags'],
    update: [
      'lambda:UpdateFunctionCode',
      'lambda:UpdateFunctionConfiguration',
      'lambda:DeleteFunctionConcurrency',
      'lambda:PutFunctionConcurrency',
    ],
    remove: ['lambda:DeleteFunction', 'lambda:GetFunction'],
  },
  'AWS::Lambda::EventInvokeConfig': {
    arn: fn,
    create: ['lambda:PutFunctionEventInvokeConfig', 'lambda:GetFunctionEventInvokeConfig'],
    update: ['lambda:UpdateFunctionEventInvokeConfig'],
    remove: ['lambda:DeleteFunctionEventInvokeConfig'],
  },
  'AWS::Lambda::EventSourceMapping': {
    arn: inAccount('lambda', 'event-source-mapping:0b9e7c1d-64b1-4c7b-8a0f-3d2e5f6a7b8c'),
    create: ['lambda:CreateEventSourceMapping', 'lambda:GetEventSourceMapping'],
    tag: ['lambda:TagResource', 'lambda:UntagResource', 'lambda:ListTags'],
    update: ['lambda:UpdateEventSourceMapping', 'lambda:GetEventSourceMapping'],
    remove: ['lambda:DeleteEventSourceMapping', 'lambda:GetEventSourceMapping'],
  },
  'AWS::Lambda::Permission': {
    arn: fn,
    create: ['lambda:AddPermission', 'lambda:GetPolicy'],
    remove: ['lambda:RemovePermission'],
  },
  'AWS::Lambda::Url': {
    arn: fn,
    create: ['lambda:CreateFunctionUrlConfig', 'lambda:GetFunctionUrlConfig'],
    update: ['lambda:UpdateFunctionUrlConfig'],
    remove: ['lambda:DeleteFunctionUrlConfig'],
  },
  'AWS::IAM::Role': {
    arn: role,
    create: [
      'iam:CreateRole',
      'iam:PutRolePolicy',
      'iam:GetRolePolicy',
      'iam:GetRole',
      'iam:PutRolePermissionsBoundary',
    ],
    tag: ['iam:TagRole', 'iam:UntagRole', 'iam:ListRoleTags'],
    update: [
      'iam:UpdateRole',
      'iam:UpdateRoleDescription',
      'iam:UpdateAssumeRolePolicy',
      'iam:PutRolePolicy',
      'iam:DeleteRolePolicy',
    ],
    remove: [
      'iam:DeleteRole',
      'iam:DeleteRolePolicy',
      'iam:GetRole',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
    ],
  },
  'AWS::IAM::Policy': {
    arn: role,
    create: ['iam:PutRolePolicy', 'iam:GetRolePolicy'],
    remove: ['iam:DeleteRolePolicy', 'iam:GetRolePolicy'],
  },
  'AWS::DynamoDB::Table': {
    arn: inAccount('dynamodb', 'table/lamplighter'),
    // What it reads is also what the import of an existing table reads.
    create: [
      'dynamodb:CreateTable',
      'dynamodb:DescribeTable',
      'dynamodb:UpdateTimeToLive',
      'dynamodb:DescribeTimeToLive',
      'dynamodb:UpdateContinuousBackups',
      'dynamodb:DescribeContinuousBackups',
      'dynamodb:DescribeContributorInsights',
      'dynamodb:DescribeKinesisStreamingDestination',
      'dynamodb:GetResourcePolicy',
    ],
    tag: ['dynamodb:TagResource', 'dynamodb:UntagResource', 'dynamodb:ListTagsOfResource'],
    update: ['dynamodb:UpdateTable'],
  },
  'AWS::SQS::Queue': {
    arn: queue,
    create: ['sqs:CreateQueue', 'sqs:GetQueueUrl', 'sqs:GetQueueAttributes'],
    tag: ['sqs:TagQueue', 'sqs:UntagQueue', 'sqs:ListQueueTags'],
    update: ['sqs:SetQueueAttributes', 'sqs:GetQueueAttributes'],
    remove: ['sqs:DeleteQueue', 'sqs:GetQueueAttributes'],
  },
  'AWS::SQS::QueuePolicy': { arn: queue, create: ['sqs:SetQueueAttributes'], remove: ['sqs:SetQueueAttributes'] },
  // A schedule takes no tags; a group of schedules does.
  'AWS::Scheduler::Schedule': {
    arn: inAccount('scheduler', 'schedule/lamplighter-prod/lamplighter-prod-scale-pools'),
    create: ['scheduler:CreateSchedule', 'scheduler:GetSchedule'],
    update: ['scheduler:UpdateSchedule', 'scheduler:GetSchedule'],
    remove: ['scheduler:DeleteSchedule', 'scheduler:GetSchedule'],
  },
  'AWS::Scheduler::ScheduleGroup': {
    arn: inAccount('scheduler', 'schedule-group/lamplighter-prod'),
    create: ['scheduler:CreateScheduleGroup', 'scheduler:GetScheduleGroup'],
    tag: ['scheduler:TagResource', 'scheduler:UntagResource', 'scheduler:ListTagsForResource'],
    remove: ['scheduler:DeleteScheduleGroup', 'scheduler:GetScheduleGroup', 'scheduler:DeleteSchedule'],
  },
  'AWS::Events::Rule': {
    arn: inAccount('events', 'rule/lamplighter-prod-uploads'),
    create: ['events:PutRule', 'events:PutTargets', 'events:DescribeRule', 'events:ListTargetsByRule'],
    tag: ['events:TagResource', 'events:UntagResource', 'events:ListTagsForResource'],
    update: ['events:PutRule', 'events:PutTargets', 'events:RemoveTargets'],
    remove: ['events:DeleteRule', 'events:RemoveTargets', 'events:DescribeRule', 'events:ListTargetsByRule'],
  },
  'AWS::Logs::LogGroup': {
    arn: inAccount('logs', 'log-group:/aws/lambda/lamplighter-prod-scale-pools'),
    create: [
      'logs:CreateLogGroup',
      'logs:PutRetentionPolicy',
      'logs:DescribeLogGroups',
      'logs:GetDataProtectionPolicy',
      'logs:AssociateKmsKey',
    ],
    tag: ['logs:TagResource', 'logs:UntagResource', 'logs:ListTagsForResource'],
    update: ['logs:PutRetentionPolicy', 'logs:AssociateKmsKey', 'logs:DisassociateKmsKey'],
    remove: ['logs:DeleteLogGroup', 'logs:DescribeLogGroups'],
  },
  'AWS::CloudWatch::Alarm': {
    arn: inAccount('cloudwatch', 'alarm:lamplighter-prod-failures'),
    create: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DescribeAlarms'],
    tag: ['cloudwatch:TagResource', 'cloudwatch:UntagResource', 'cloudwatch:ListTagsForResource'],
    remove: ['cloudwatch:DeleteAlarms', 'cloudwatch:DescribeAlarms'],
  },
  'AWS::CloudWatch::CompositeAlarm': {
    arn: inAccount('cloudwatch', 'alarm:lamplighter-prod-no-rounds'),
    create: ['cloudwatch:PutCompositeAlarm', 'cloudwatch:DescribeAlarms'],
    tag: ['cloudwatch:TagResource', 'cloudwatch:UntagResource', 'cloudwatch:ListTagsForResource'],
    remove: ['cloudwatch:DeleteAlarms', 'cloudwatch:DescribeAlarms'],
  },
  'AWS::SNS::Topic': {
    arn: inAccount('sns', 'lamplighter-prod-alarms'),
    create: ['sns:CreateTopic', 'sns:Subscribe', 'sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic'],
    tag: ['sns:TagResource', 'sns:UntagResource', 'sns:ListTagsForResource'],
    update: ['sns:SetTopicAttributes'],
    remove: ['sns:DeleteTopic'],
  },
  'AWS::SNS::TopicPolicy': {
    arn: inAccount('sns', 'lamplighter-prod-alarms'),
    create: ['sns:SetTopicAttributes'],
    remove: ['sns:SetTopicAttributes'],
  },
  'AWS::S3::Bucket': {
    arn: bucket,
    create: ['s3:CreateBucket', 's3:PutEncryptionConfiguration', 's3:GetEncryptionConfiguration', 's3:ListBucket'],
    tag: ['s3:PutBucketTagging', 's3:GetBucketTagging'],
    remove: ['s3:DeleteBucket', 's3:ListBucket'],
  },
  'AWS::S3::BucketPolicy': {
    arn: bucket,
    create: ['s3:GetBucketPolicy', 's3:PutBucketPolicy'],
    remove: ['s3:GetBucketPolicy', 's3:DeleteBucketPolicy'],
  },
};
