import { autocomplete, cancel, isCancel, select, text } from '@clack/prompts';
import { knownApis } from '../../config/known-apis.ts';
import { CommandError } from '../../errors.ts';
import {
  apiProblem,
  besideConfig,
  type InitOptions,
  pastedProblem,
  type Questions,
  type TokenPlace,
} from './answers.ts';

/** The questions, for a person at a terminal. A token is never typed here: only where it is kept. */
export function terminalQuestions({ output, allowHost }: Pick<InitOptions, 'output' | 'allowHost'>): Questions {
  return {
    api: () => askApi(allowHost === true),
    token: () => askToken(output),
    zone: (usual) =>
      answered(
        autocomplete({
          message: 'In which time zone do people work?',
          options: zoneNames(usual).map((value) => ({ value, label: value })),
          initialValue: usual,
          maxItems: 8,
        }),
      ),
  };
}

const other = 'another';

async function askApi(allowHost: boolean): Promise<string> {
  const known = knownApis.map(({ name, brand, mksRegion }) => ({
    value: name,
    label: name,
    hint: `${brand}, ${mksRegion}`,
  }));
  const options = [...known, { value: other, label: 'another address', hint: 'or the simulator' }];
  const api = await answered(select({ message: 'Which API?', options }));
  const judge = (address: string) => apiProblem(address, allowHost);
  return api === other ? ask('Its address?', 'http://127.0.0.1:8090', judge) : api;
}

async function askToken(output: string): Promise<TokenPlace> {
  const place = await answered(
    select({
      message: 'Where is its token kept? (the config never contains the token itself)',
      options: [
        { value: 'env', label: 'an environment variable' },
        { value: 'file', label: 'a file' },
        { value: 'command', label: 'a program prints it', hint: 'pass, vault, op …' },
        { value: 'aws', label: 'AWS Secrets Manager' },
      ],
    }),
  );
  if (place === 'env') return { env: await ask('Its name?', 'MKS_TOKEN', pastedProblem) };
  if (place === 'file') return { file: besideConfig(await ask('Its path?', './mks.token', pastedProblem), output) };
  if (place === 'aws') return { awsSecret: await ask('Name of the secret?', 'lamplighter/r1', pastedProblem) };
  const line = await ask('Program and arguments? (no shell)', 'pass show mks/r1');
  return { command: line.trim().split(/\s+/u) };
}

/** `judge` says what is wrong with an answer; the question then stays. No answer is the usual one. */
function ask(message: string, usual: string, judge?: (answer: string) => string | undefined): Promise<string> {
  const validate = (answer: string | undefined) => (answer ? judge?.(answer) : undefined);
  return answered(text({ message, placeholder: usual, defaultValue: usual, validate }));
}

/** `Intl` leaves UTC out of its list. */
function zoneNames(usual: string): readonly string[] {
  return [...new Set([usual, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
}

async function answered<T>(question: Promise<T>): Promise<Exclude<T, symbol>> {
  const answer = await question;
  if (!isCancel(answer)) return answer as Exclude<T, symbol>;
  cancel('nothing was written');
  throw new CommandError('Init was stopped; nothing was written');
}
