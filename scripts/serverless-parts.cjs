/**
 * What serverless.yml takes from the config: the Serverless Framework loads this file with `require`, hence the ending.
 * The functions are bundled on the way, so that `serverless deploy` never ships yesterday's.
 */
const { join } = require('node:path');

const built = new Map();

module.exports = async ({ resolveVariable }) => {
  const config = await resolveVariable('param:config');
  const stage = await resolveVariable('sls:stage');
  const alarmTopic = await resolveVariable('param:alarmTopic');
  const isCapped = String(await resolveVariable('param:capped')) !== 'false';
  const key = JSON.stringify([config, stage, alarmTopic, isCapped]);
  if (!built.has(key)) built.set(key, build(config, { stage, alarmTopic, isCapped }));
  return built.get(key);
};

async function build(file, options) {
  const { buildFunctions } = await import('./build-functions.ts');
  const { partsOf } = await import('./aws/parts-of.ts');
  return partsOf(await buildFunctions(file, join(process.cwd(), 'dist/functions')), options);
}
