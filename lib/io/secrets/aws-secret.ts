import { SecretError } from '../../errors.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { awsSetupProblem } from '../aws-setup.ts';
import type { Clock } from '../clock.ts';
import { late, startDeadline } from '../http/deadline.ts';
import { describeNetworkFailure } from '../http/network-failure.ts';
import { type SecretSource, type Stage } from './secret.ts';

/** AWS Secrets Manager: the text of one stage; undefined = there is no such stage. Rejects with a SecretError only. */
export type AwsSecrets = { readonly read: (name: string, stage: Stage) => Promise<string | undefined> };

/** `readAhead` begins to read what the next `read` of this name returns, unless it fails or gets old: then that reads again. */
export type ReadingAhead = AwsSecrets & { readonly readAhead: (name: string) => void };

export function awsSecretSource(name: string, aws: AwsSecrets): SecretSource {
  return { read: (stage) => aws.read(name, stage) };
}

/** Without options, region, credentials and endpoint are found as every AWS SDK client finds them. */
export type AwsOptions = {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

/** The SDK waits for ever by default. Connect, answer and credentials together get this long. */
const timeoutMs = 3_000;

type Client = import('@aws-sdk/client-secrets-manager').SecretsManagerClient;
type Sdk = typeof import('./secrets-manager.ts');

/** What was read ahead is used within this time: a container may be made long before its first invocation. */
const aheadMs = 2 * minuteMs;

type Ahead = { readonly at: EpochMs; readonly value: Promise<string | undefined> };

/** The SDK is loaded at the first read, so that configs without such secrets do not need it. */
export function makeAwsSecrets(clock: Clock, options: AwsOptions = {}): ReadingAhead {
  let opened: Promise<{ sdk: Sdk; client: Client }> | undefined;
  const ahead = new Map<string, Ahead>();
  const readNow: AwsSecrets['read'] = async (name, stage) => {
    const reference = describeSecret({ kind: 'awsSecret', name });
    const deadline = startDeadline(clock, timeoutMs);
    try {
      opened ??= open(options);
      const text = await deadline.race(getValue(opened, name, stage, deadline.signal));
      if (text === late) throw new SecretError(`${reference}: AWS Secrets Manager gave no answer in 3 s`, reference);
      return text;
    } catch (error) {
      if (stage === 'previous' && nameOf(error) === 'ResourceNotFoundException') return undefined;
      throw error instanceof SecretError ? error : toSecretError(error, reference);
    } finally {
      deadline.cancel();
    }
  };
  return {
    readAhead: (name) => {
      const value = readNow(name, 'current').catch(() => undefined);
      ahead.set(name, { at: clock.now(), value });
    },
    read: async (name, stage) => {
      const early = stage === 'current' ? ahead.get(name) : undefined;
      if (early) ahead.delete(name);
      const isFresh = early !== undefined && Math.abs(clock.now() - early.at) < aheadMs;
      return (isFresh ? await early.value : undefined) ?? readNow(name, stage);
    },
  };
}

async function open(options: AwsOptions): Promise<{ sdk: Sdk; client: Client }> {
  const sdk = await import('./secrets-manager.ts');
  const requestHandler = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs };
  return { sdk, client: new sdk.SecretsManagerClient({ ...options, requestHandler, maxAttempts: 2 }) };
}

async function getValue(
  opened: Promise<{ sdk: Sdk; client: Client }>,
  name: string,
  stage: Stage,
  abortSignal: AbortSignal,
): Promise<string> {
  const { sdk, client } = await opened;
  const VersionStage = stage === 'current' ? 'AWSCURRENT' : 'AWSPREVIOUS';
  const command = new sdk.GetSecretValueCommand({ SecretId: name, VersionStage });
  const { SecretString, SecretBinary } = await client.send(command, { abortSignal });
  return SecretString ?? Buffer.from(SecretBinary ?? []).toString('utf8');
}

/** Only the name or code of an SDK error is used: its text may contain what was sent or received. */
function toSecretError(error: unknown, reference: string): SecretError {
  const why = awsSetupProblem(error) ?? reasons.get(nameOf(error)) ?? otherReason(error);
  return new SecretError(`${reference} could not be read: ${why}`, reference);
}

/** AWS's errors have a name of their own; those of the network are plain, with a code. */
function otherReason(error: unknown): string {
  const name = nameOf(error);
  if (!/^(Aggregate)?Error$/.test(name)) return `AWS says ${name}`;
  return `AWS Secrets Manager cannot be reached: ${describeNetworkFailure(error).detail}`;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ResourceNotFoundException', 'there is no such secret in this region'],
  ['AccessDeniedException', 'this role lacks secretsmanager:GetSecretValue on it'],
  ['DecryptionFailure', 'its KMS key refused to decrypt it'],
  ['TimeoutError', 'AWS Secrets Manager gave no answer in time'],
  ['ThrottlingException', 'AWS Secrets Manager is throttling'],
]);

function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^[A-Za-z]{3,60}$/.test(name) ? name : 'nothing that can be shown';
}
