import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SecretError } from '../../../lib/errors.ts';
import { systemClock } from '../../../lib/io/clock.ts';
import { type AwsOptions, makeAwsSecrets } from '../../../lib/io/secrets/aws-secret.ts';
import { sendJson, startServer } from '../../support/local-server.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';

const credentials = { accessKeyId: 'a', secretAccessKey: 'c0ffeec0ffee' };
const stages: { readonly [stage: string]: string } = { AWSCURRENT: 'one', AWSPREVIOUS: 'two' };

/** Speaks enough of Secrets Manager's protocol for the real client. */
function startSecretsManager(refusal?: { readonly status: number; readonly type: string }) {
  return startServer((request, response) => {
    const { SecretId, VersionStage } = JSON.parse(request.body) as { SecretId: string; VersionStage: string };
    if (refusal) return sendJson(response, refusal.status, { __type: refusal.type, message: 'c0ffeec0ffee' });
    if (SecretId === 'fresh' && VersionStage === 'AWSPREVIOUS') {
      return sendJson(response, 400, { __type: 'ResourceNotFoundException', message: 'no such stage' });
    }
    return sendJson(response, 200, { Name: SecretId, SecretString: stages[VersionStage] });
  });
}

test('each stage is read by its name', async () => {
  await using server = await startSecretsManager();
  const aws = makeAwsSecrets(systemClock, { region: 'eu-central-1', endpoint: server.url, credentials });
  expect(await aws.read('lamplighter/r1', 'current')).toBe('one');
  expect(await aws.read('lamplighter/r1', 'previous')).toBe('two');
  expect(server.seen.map(({ headers }) => headers['x-amz-target'])).toEqual([
    'secretsmanager.GetSecretValue',
    'secretsmanager.GetSecretValue',
  ]);
});

test('a secret never rotated has no previous value', async () => {
  await using server = await startSecretsManager();
  const aws = makeAwsSecrets(systemClock, { region: 'eu-central-1', endpoint: server.url, credentials });
  expect(await aws.read('fresh', 'previous')).toBeUndefined();
});

test.each([
  [400, 'ResourceNotFoundException', 'no such secret'],
  [400, 'AccessDeniedException', 'secretsmanager:GetSecretValue'],
  [400, 'DecryptionFailure', 'KMS'],
  [400, 'ExpiredTokenException', 'the AWS credentials have expired; sign in again'],
  [400, 'SomethingNew', 'SomethingNew'],
])('%i %s is told without the words of AWS', async (status, type, problem) => {
  await using server = await startSecretsManager({ status, type });
  const aws = makeAwsSecrets(systemClock, { region: 'eu-central-1', endpoint: server.url, credentials });
  const error: unknown = await aws.read('lamplighter/r1', 'current').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SecretError);
  expect((error as SecretError).message).toContain('awsSecret lamplighter/r1');
  expect((error as SecretError).message).toContain(problem);
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('c0ffee');
});

test('a service that hangs is given up after 3 s', async () => {
  const clock = makeVirtualClock();
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  await using server = await startServer(() => resolve());
  const aws = makeAwsSecrets(clock, { region: 'eu-central-1', endpoint: server.url, credentials });
  const pending = aws.read('lamplighter/r1', 'current').catch((reason: unknown) => reason);
  await arrived;
  await clock.advance(3_000);
  expect(await pending).toMatchObject({ name: 'SecretError', message: expect.stringContaining('no answer') });
});

describe('a secret read ahead', () => {
  const optionsOf = ({ url }: { url: string }) => ({ region: 'eu-central-1', endpoint: url, credentials });

  test('is what the next read returns, and no later one', async () => {
    await using server = await startSecretsManager();
    const aws = makeAwsSecrets(systemClock, optionsOf(server));
    aws.readAhead('lamplighter/r1');
    expect(await aws.read('lamplighter/r1', 'current')).toBe('one');
    expect(server.seen).toHaveLength(1);
    expect(await aws.read('lamplighter/r1', 'current')).toBe('one');
    expect(server.seen).toHaveLength(2);
  });

  test('is not taken for another stage or name', async () => {
    await using server = await startSecretsManager();
    const aws = makeAwsSecrets(systemClock, optionsOf(server));
    aws.readAhead('lamplighter/r1');
    expect(await aws.read('lamplighter/r1', 'previous')).toBe('two');
    expect(await aws.read('lamplighter/r2', 'current')).toBe('one');
    expect(server.seen.map(({ body }) => (JSON.parse(body) as { SecretId: string }).SecretId).sort()).toEqual([
      'lamplighter/r1',
      'lamplighter/r1',
      'lamplighter/r2',
    ]);
  });

  test('that failed is read again, whatever failed', async () => {
    let isDown = true;
    await using server = await startServer((_, response) =>
      isDown
        ? sendJson(response, 400, { __type: 'AccessDeniedException' })
        : sendJson(response, 200, { SecretString: 'one' }),
    );
    const aws = makeAwsSecrets(systemClock, optionsOf(server));
    aws.readAhead('lamplighter/r1');
    await expect.poll(() => server.seen.length).toBe(1);
    isDown = false;
    expect(await aws.read('lamplighter/r1', 'current')).toBe('one');
    expect(server.seen).toHaveLength(2);
  });

  test('long before the first invocation is read again', async () => {
    const clock = makeVirtualClock();
    await using server = await startSecretsManager();
    const aws = makeAwsSecrets(clock, optionsOf(server));
    aws.readAhead('lamplighter/r1');
    await expect.poll(() => server.seen.length).toBe(1);
    await clock.advance(2 * 60_000);
    expect(await aws.read('lamplighter/r1', 'current')).toBe('one');
    expect(server.seen).toHaveLength(2);
  });
});

describe('a machine that is not set up for AWS', () => {
  afterEach(() => vi.unstubAllEnvs());

  async function problemOf(options: AwsOptions): Promise<string> {
    for (const name of [
      'AWS_REGION',
      'AWS_DEFAULT_REGION',
      'AWS_PROFILE',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
    ])
      vi.stubEnv(name, undefined);
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nowhere');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const error: unknown = await makeAwsSecrets(systemClock, options)
      .read('x', 'current')
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SecretError);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('c0ffee');
    return (error as SecretError).message;
  }

  const region = 'eu-central-1';

  test('no region', async () => {
    expect(await problemOf({ credentials })).toBe(
      'awsSecret x could not be read: no AWS region is set; set AWS_REGION',
    );
  });

  test('no credentials', async () => {
    expect(await problemOf({ region, endpoint: 'http://127.0.0.1:9' })).toContain(
      'no AWS credentials were found; set up a role or a profile',
    );
  });

  test('no way to AWS', async () => {
    const server = await startServer(() => undefined);
    await server[Symbol.asyncDispose]();
    expect(await problemOf({ region, endpoint: server.url, credentials })).toBe(
      'awsSecret x could not be read: AWS Secrets Manager cannot be reached: it refused the connection (ECONNREFUSED)',
    );
  });
});
