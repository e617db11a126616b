/** What keeps this machine from any AWS service, and what to do; by the names of the SDK's and AWS's errors. */
const missing: ReadonlyMap<string, string> = new Map([
  ['CredentialsProviderError', 'no AWS credentials were found; set up a role or a profile'],
  ['ExpiredTokenException', 'the AWS credentials have expired; sign in again'],
  ['InvalidSignatureException', 'AWS refused the signature; check the secret key and the clock of this machine'],
  ['MissingAuthenticationTokenException', 'no AWS credentials were sent; set up a role or a profile'],
  ['UnrecognizedClientException', 'AWS does not know the credentials; check the access key'],
]);

/** Region or credentials, where a call failed for want of them; undefined = it failed for another reason. */
export function awsSetupProblem(error: unknown): string | undefined {
  const { name, message } = error as { name?: unknown; message?: unknown };
  if (message === 'Region is missing') return 'no AWS region is set; set AWS_REGION';
  const problem = typeof name === 'string' ? missing.get(name) : undefined;
  return problem && `${problem} (${String(name)})`;
}
