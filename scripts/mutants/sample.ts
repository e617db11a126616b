/** Which mistakes are tried when only every n-th is: always the same ones, whatever runs before them. */
import { hashText } from '../../lib/model/text.ts';

export type Place = {
  /** From the root of the project on, with "/". */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly mutator: string;
  readonly replacement: string;
};

/** `sample` n: one of n, by a hash of where and what it is. Lines and columns as StrykerJS hands them to its runners. */
export function isInSample({ file, line, column, mutator, replacement }: Place, sample: number): boolean {
  return hashText(`${file}:${line}:${column}:${mutator}:${replacement}`) % sample === 0;
}

export type Asked = {
  readonly tests: readonly string[];
  readonly left: readonly string[];
  readonly sample: number;
  /** The file that holds how long each test takes. */
  readonly times: string;
};
const variable = 'LAMPLIGHTER_MUTANTS';

export const asEnvironment = (asked: Asked): Readonly<Record<string, string>> => ({
  [variable]: JSON.stringify(asked),
});

export const readEnvironment = (environment: Readonly<Record<string, string | undefined>>): Asked =>
  environment[variable] === undefined
    ? { tests: [], left: [], sample: 1, times: '' }
    : (JSON.parse(environment[variable]) as Asked);
