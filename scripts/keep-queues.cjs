/**
 * A plugin of the Serverless Framework: a queue that goes from the config stays in the stack, with its dead letters, until
 * it is named in `--param dropQueues=…`. What waits in it is somebody's event; and a queue that comes back into the config
 * is the one that was there.
 */
const { createRequire } = require('node:module');

const { CloudFormationClient, GetTemplateCommand } = createRequire(require.resolve('serverless'))(
  '@aws-sdk/client-cloudformation',
);

/** The framework makes plugins with `new`: what is returned is the plugin. */
module.exports = function KeepQueues(serverless, _options, { log }) {
  const isDeploy = serverless.processedInput.commands.join(' ') === 'deploy';
  const hook = () => keepQueues(serverless, log);
  return { hooks: isDeploy ? { 'after:aws:package:finalize:mergeCustomProviderResources': hook } : {} };
};

async function keepQueues(serverless, log) {
  const { checkDropped, keptQueues } = await import('./aws/kept-queues.ts');
  const { custom, provider } = serverless.service;
  const next = provider.compiledCloudFormationTemplate;
  const deployed = await deployedTemplate(serverless.getProvider('aws'));
  for (const name of plainly(() => checkDropped(custom.built.dropped, deployed, next)))
    log.warning(`dropQueues ${name}: the stack has no such queue any more; leave it out from now on`);
  const kept = keptQueues(deployed, next, custom.built.letGo);
  Object.assign(next.Resources, kept.resources);
  for (const name of kept.names)
    log.warning(
      `the queue ${name} is in the config no more and stays as it is; to let go of it: --param dropQueues=${name}`,
    );
}

async function deployedTemplate(aws) {
  const client = new CloudFormationClient(await aws.getAwsSdkV3Config());
  try {
    const { TemplateBody } = await client.send(new GetTemplateCommand({ StackName: aws.naming.getStackName() }));
    return JSON.parse(TemplateBody);
  } catch (error) {
    if (error.name === 'ValidationError' && /does not exist/u.test(error.message)) return { Resources: {} };
    throw error;
  }
}

/** The framework prints the stack, which says nothing to who has misspelt a name. */
function plainly(work) {
  try {
    return work();
  } catch (error) {
    if (error.name === 'UsageError') error.stack = error.message;
    throw error;
  }
}
