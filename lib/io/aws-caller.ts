import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const timeoutMs = 3000;

/**
 * The caller's identity at AWS: the ARN of a user or of a role's session. It needs no permission
 * (docs.aws.amazon.com/STS, GetCallerIdentity). undefined = the call failed.
 */
export async function callerArn(): Promise<string | undefined> {
  const requestHandler = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true };
  const client = new STSClient({ maxAttempts: 1, requestHandler });
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Arn;
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}
