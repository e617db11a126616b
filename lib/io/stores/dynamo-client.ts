import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** A healthy DynamoDB answers in milliseconds; after this time, a new attempt is better. */
const answerTimeoutMs = 3000;

/** Region, credentials and endpoint are the SDK's own settings (AWS_REGION, a role or a profile, AWS_ENDPOINT_URL). */
export function makeDynamoClient(): DynamoDBClient {
  return new DynamoDBClient({
    // The store counts its own attempts, with the injected clock.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: answerTimeoutMs,
      requestTimeout: answerTimeoutMs,
      // Without it the SDK's handler logs a warning and waits on: smithy-typescript, NodeHttpHandlerOptions.
      throwOnRequestTimeout: true,
    },
  });
}
