/** Names that end up in AWS. What AWS would refuse in the middle of a deployment, or take for a pattern, is refused here. */
import * as v from 'valibot';
import { complaint, expected } from './complaint.ts';

/** What could not be taken from a queue goes to a queue of its name and this. */
export const deadLettersSuffix = '-dead-letters';

/** A queue may have 80 characters: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html */
const longestQueue = 80 - deadLettersSuffix.length;

export const queueName = awsName(
  'the name of a queue',
  new RegExp(`^[A-Za-z0-9_-]{1,${longestQueue}}$`, 'u'),
  (given) => {
    if (given.endsWith('.fifo')) return ['FIFO queues are not supported', 'name a standard queue, without .fifo'];
    if (!/^[A-Za-z0-9_-]+$/u.test(given))
      return ['not the name of an SQS queue', 'give its name, not its URL or ARN: letters, digits, "_" and "-"'];
    return [
      `a queue’s name of ${given.length} characters is too long`,
      `use ${longestQueue} at most: its dead letters go to "<name>${deadLettersSuffix}"`,
    ];
  },
);

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
export const tableName = awsName('the name of a table', /^[A-Za-z0-9_.-]{3,255}$/u, () => [
  'not the name of a DynamoDB table',
  'give its name, not its ARN: 3 to 255 letters, digits, "_", "." and "-"',
]);

/**
 * The right to read a secret is given by its name, where * and ? would stand for the secrets of others too:
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
 */
export const secretName = awsName('the name of a secret', /^[A-Za-z0-9/_+=.@-]{1,512}$/u, (given) => {
  const name = nameInArn(given);
  const fix =
    name === undefined
      ? 'give its name, not its value: letters, digits and / _ + = . @ -'
      : `write the name that is in the ARN: { awsSecret: ${name} }`;
  return ['not the name of a secret in Secrets Manager', fix];
});

/** Secrets Manager ends an ARN with a hyphen and six characters of its own. */
function nameInArn(text: string): string | undefined {
  return /^arn:aws[\w-]*:secretsmanager:[\w-]*:\d*:secret:([\w/+=.@-]+?)(?:-[A-Za-z0-9]{6})?$/u.exec(text)?.[1];
}

function awsName(what: string, form: RegExp, complain: (given: string) => readonly [message: string, fix: string]) {
  return v.pipe(
    v.string(expected(what, 'write it as text')),
    v.regex(form, ({ input }) =>
      input === '' ? complaint(`expected ${what}, got empty text`, 'write it as text') : complaint(...complain(input)),
    ),
  );
}
