import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const timeoutMs = 3000;

/**
 * Whom AWS takes the caller for: the ARN of a user or of a role's session. Nobody needs a permission to ask it
 * (docs.aws.amazon.com/STS, GetCallerIdentity). undefined = it could not be asked.
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
