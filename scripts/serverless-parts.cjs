/**
 * What serverless.yml takes from the config: the Serverless Framework loads this file with `require`, hence the ending.
 * The functions are bundled on the way, so that `serverless deploy` never ships yesterday's.
 */
const path = require('node:path');

const built = new Map();

module.exports = async ({ resolveVariable }) => {
  const config = await resolveVariable('param:config');
  const stage = await resolveVariable('sls:stage');
  const alarmTopic = await resolveVariable('param:alarmTopic');
  const logLevel = await resolveVariable('param:logLevel');
  const isCapped = String(await resolveVariable('param:capped')) !== 'false';
  const key = JSON.stringify([config, stage, alarmTopic, logLevel, isCapped]);
  if (!built.has(key)) built.set(key, build(config, { stage, alarmTopic, logLevel, isCapped }));
  return built.get(key);
};

async function build(file, options) {
  const { buildFunctions } = await import('./build-functions.ts');
  const { partsOf } = await import('./aws/parts-of.ts');
  const { UsageError } = await import('../lib/errors.ts');
  try {
    return partsOf(await buildFunctions(file, path.join(process.cwd(), 'dist/functions')), options);
  } catch (error) {
    // The framework prints the stack, which says nothing to who has to mend a config.
    if (error instanceof UsageError) error.stack = error.message;
    throw error;
  }
}
