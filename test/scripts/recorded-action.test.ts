import { expect, test } from 'vitest';
import { actionOf } from '../../scripts/aws/recorded-action.ts';

const from = (service: string) => `AWS4-HMAC-SHA256 Credential=drill/20260101/eu-central-1/${service}/aws4_request, x`;

test.each([
  ['cloudformation', 'POST', '/', 'Action=CreateChangeSet&Version=1', 'cloudformation:CreateChangeSet'],
  ['lambda', 'GET', '/2015-03-31/functions/a-b', '', 'lambda:GetFunction'],
  ['lambda', 'GET', '/2015-03-31/functions/a/policy', '', 'lambda:GET /2015-03-31/functions/a/policy'],
  ['s3', 'HEAD', '/bucket/', '', 's3:ListBucket'],
  ['s3', 'GET', '/bucket/?list-type=2&prefix=x', '', 's3:ListBucket'],
  ['s3', 'PUT', '/bucket/a/b.zip', 'Action=Nothing', 's3:PutObject'],
  ['s3', 'POST', '/bucket/?delete=', '', 's3:DeleteObject'],
  ['s3', 'PUT', '/bucket/?policy', '', 's3:PUT /bucket/'],
])('%s %s %s', (service, method, url, body, action) => {
  expect(actionOf({ method, url, body, headers: { authorization: from(service) } })).toBe(action);
});

test('a call with a target says which', () => {
  const headers = { authorization: from('sqs'), 'x-amz-target': 'AmazonSQS.GetQueueUrl' };
  expect(actionOf({ method: 'POST', url: '/', body: '{}', headers })).toBe('sqs:GetQueueUrl');
});
