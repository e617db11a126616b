/**
 * What serverless.yml takes from the config and from `--param`: the Serverless Framework loads this file with `require`,
 * hence the ending. The functions are bundled on the way, so that `serverless deploy` never ships yesterday's.
 */
const path = require('node:path');

const built = new Map();

/** These look at a stack that is there, or end it: they need no config, and a wrong one does not stop them. */
const withoutConfig = ['remove', 'info', 'logs', 'metrics', 'invoke', 'rollback', 'deploy list'];

module.exports = async ({ options, resolveVariable }) => {
  const { parameterNames, refuseUnknown } = await import('./aws/parameters.ts');
  return plainly(async () => {
    refuseUnknown([options.param ?? []].flat());
    const given = {};
    for (const name of parameterNames) given[name] = String((await resolveVariable(`param:${name}`)) ?? '');
    const stage = await resolveVariable('sls:stage');
    const region = await resolveVariable('self:provider.region');
    const key = JSON.stringify([given, stage]);
    if (!built.has(key)) built.set(key, build(given, stage, region));
    return built.get(key);
  });
};

async function build(given, stage, region) {
  const { buildFunctions } = await import('./build-functions.ts');
  const { noConfig, partsOf } = await import('./aws/parts-of.ts');
  const { checkRegion, readParameters } = await import('./aws/parameters.ts');
  const { UsageError } = await import('../lib/errors.ts');
  const parameters = readParameters(given);
  checkRegion(parameters, region);
  if (needsNoConfig()) return partsOf(noConfig, { ...parameters, stage });
  if (given.config === '')
    throw new UsageError('no config is named: write --param config=my-fleet.yml. Nothing was built or deployed');
  return partsOf(await buildFunctions(given.config, path.join(process.cwd(), 'dist/functions')), {
    ...parameters,
    stage,
  });
}

/** The words before the first option are the command. */
function needsNoConfig() {
  const words = process.argv.slice(2);
  const first = words.findIndex((word) => word.startsWith('-'));
  const command = words.slice(0, first === -1 ? words.length : first).join(' ');
  return withoutConfig.some((one) => command === one || command.startsWith(`${one} `));
}

async function plainly(work) {
  const { UsageError } = await import('../lib/errors.ts');
  try {
    return await work();
  } catch (error) {
    // The framework prints the stack, which says nothing to who has to mend a config.
    if (error instanceof UsageError) error.stack = error.message;
    throw error;
  }
}
