import { UsageError } from '../../lib/errors.ts';
import { suggest } from '../../lib/model/did-you-mean.ts';

/** The parameters of `--param name=value`, as text; empty = not given. */
export const parameterNames = [
  'config',
  'alarmTopic',
  'alarmEmail',
  'logLevel',
  'capped',
  'existing',
  'dropQueues',
  'protected',
  'tags',
  'boundary',
  'kmsKey',
  'logRetention',
  'memory',
  'tracing',
] as const;

export type ParameterName = (typeof parameterNames)[number];

export type Parameters = { readonly [name in ParameterName]?: string };

/** The parsed parameters; `partsOf` checks the topic and the level. */
export type Options = {
  /** ARN of an SNS topic for the alarms; empty = none. */
  readonly alarmTopic: string;
  /** Creates a topic that mails this address. */
  readonly alarmEmail: string | undefined;
  readonly logLevel: string;
  /** Is concurrency set aside, and with it the cost capped? */
  readonly isCapped: boolean;
  /** Names of the table and of queues that are there already and are not made; `all` = whatever the config names. */
  readonly existing: readonly string[];
  /** Names of queues that are in the config no more and now go from the stack too. */
  readonly dropQueues: readonly string[];
  /** May the stack be deleted only after a second step? undefined = as it is. */
  readonly isProtected: boolean | undefined;
  readonly tags: { readonly [name: string]: string };
  /** ARN of the policy that bounds what every role of the stack may ever do. */
  readonly boundary: string | undefined;
  /** ARN of the key that encrypts what is stored; undefined = keys of AWS. */
  readonly kmsKey: string | undefined;
  readonly logRetention: number;
  readonly memory: number;
  readonly isTraced: boolean;
};

/** An unknown name would be ignored, and of two values the last taken: not what was meant. Throws naming the parameter. */
export function refuseUnknown(given: readonly string[]): void {
  const names = given.map((word) => word.split('=')[0] ?? '');
  const unknown = names.find((name) => !parameterNames.some((known) => known === name));
  if (unknown !== undefined)
    throw new UsageError(`there is no parameter "${unknown}": ${suggest(unknown, parameterNames)}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`the parameter ${twice} is given twice: write it once`);
}

/** The parameters, read. Throws saying which one is wrong, and what may be written. */
export function readParameters(given: Parameters): Options {
  const { alarmTopic = '' } = given;
  const alarmEmail = textOf(given, 'alarmEmail', /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/u, 'one address: ops@example.org');
  if (alarmTopic !== '' && alarmEmail !== undefined)
    throw new UsageError('alarmTopic and alarmEmail: write one of them; subscribe the address to your own topic');
  return {
    alarmTopic,
    alarmEmail,
    logLevel: given.logLevel || 'info',
    isCapped: flagOf(given, 'capped', true),
    existing: listOf(given.existing),
    dropQueues: listOf(given.dropQueues),
    isProtected: (given.protected ?? '') === '' ? undefined : flagOf(given, 'protected', false),
    tags: readTags(given.tags ?? ''),
    boundary: textOf(given, 'boundary', /^arn:aws[\w-]*:iam::\d{12}:policy\/[\w+=,.@/-]+$/u, boundaryForm),
    kmsKey: textOf(given, 'kmsKey', /^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/u, keyForm),
    logRetention: Number(oneOf(given, 'logRetention', retentions, '30')),
    memory: readMemory(given.memory ?? ''),
    isTraced: flagOf(given, 'tracing', false),
  };
}

/** Both are used by what is deployed: AWS takes neither from another region, and says so in the middle of a deployment. */
export function checkRegion({ alarmTopic, kmsKey }: Pick<Options, 'alarmTopic' | 'kmsKey'>, region: string): void {
  for (const [name, arn] of Object.entries({ alarmTopic, kmsKey })) {
    const [, , , of = region] = (arn || '').split(':');
    if (of !== region)
      throw new UsageError(`${name} "${arn}" is in ${of}, and the deployment in ${region}: use one of ${region}`);
  }
}

const boundaryForm = 'the ARN of a policy: arn:aws:iam::<account>:policy/<name>';
const keyForm = 'the ARN of a key, not of an alias: arn:aws:kms:<region>:<account>:key/<id>';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const days = '1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653';
const retentions = days.split(' ');

function listOf(text = ''): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function textOf(given: Parameters, name: ParameterName, form: RegExp, what: string): string | undefined {
  const text = given[name] ?? '';
  if (text === '') return undefined;
  if (form.test(text)) return text;
  throw new UsageError(`${name} "${text}" is wrong: write ${what}`);
}

function oneOf(given: Parameters, name: ParameterName, choices: readonly string[], otherwise: string): string {
  const text = given[name] || otherwise;
  if (choices.includes(text)) return text;
  throw new UsageError(`${name} "${text}" is none: use one of ${choices.join(', ')}`);
}

function flagOf(given: Parameters, name: ParameterName, otherwise: boolean): boolean {
  return oneOf(given, name, ['true', 'false'], String(otherwise)) === 'true';
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
function readMemory(text: string): number {
  const memory = Number(text === '' ? '512' : text);
  if (Number.isInteger(memory) && memory >= 256 && memory <= 10_240) return memory;
  throw new UsageError(`memory "${text}" is wrong: write megabytes, a whole number from 256 to 10240`);
}

/** "team=ops,cost-centre=42". */
function readTags(text: string): Options['tags'] {
  const tags = listOf(text).map((pair): readonly [string, string] => {
    const [, name = '', value = ''] = /^([\w .:/+@-]{1,128})=([\w .:/+@=-]{0,256})$/u.exec(pair) ?? [];
    if (name !== '' && !/^aws:/iu.test(name) && name !== 'STAGE') return [name, value];
    throw new UsageError(`tags "${pair}" is wrong: write team=ops,cost-centre=42 (not aws:… and not STAGE)`);
  });
  const twice = tags.find(([name], index) => tags.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) throw new UsageError(`tags: "${twice[0]}" has two values: write one`);
  return Object.fromEntries(tags);
}
