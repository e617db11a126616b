import type { Clock } from '../io/clock.ts';
import type { Fetch } from '../io/http/exchange.ts';
import type { NewId } from '../io/ids.ts';
import type { Invoke, LambdaNames } from '../io/lambda-invoke.ts';
import type { Log } from '../io/log.ts';
import { type LogLevel, makeLog } from '../io/log-lines.ts';
import type { Redactor } from '../io/redact.ts';
import type { Environment } from '../io/secrets/env-secret.ts';

/** Where text goes. `columns` and `rows` are those of a terminal as it is now, 80 and 24 where there is none. */
export type Output = {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
};

/** Where a command's text goes: without secrets, printable, and on a terminal broken at words as wide as it is. */
export type TextOutput = Output & {
  /** The same with its lines as they are: JSON, and pictures that are drawn in place. */
  readonly writeLines: (text: string) => void;
};

/** What a process hands in. */
export type GivenParts = Omit<CliParts, 'exitWith' | 'writeMadeUp' | 'stdout' | 'stderr'> & {
  readonly stdout: Output;
  readonly stderr: Output;
};

/** Everything a command gets from its process. A test hands in its own. */
export type CliParts = {
  readonly env: Environment;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly redactor: Redactor;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Past the redactor: only for what the simulator made up itself, such as its token. */
  readonly writeMadeUp: (text: string) => void;
  /** Somebody sits at the keyboard. */
  readonly isInteractive: boolean;
  /** user@host, stored with everything a person asks for. */
  readonly who: string;
  /** Somebody said who asks (--as): nobody else is asked for it. */
  readonly isNamed?: boolean;
  /** How much is logged, where somebody said so. */
  readonly logLevel?: LogLevel;
  /** The machine's own time zone, for instants that people read. */
  readonly zone: string;
  /** Finds the address of a host; absent = the machine's own resolver. */
  readonly lookUp?: (host: string) => Promise<unknown>;
  /** Starts functions on AWS; absent = the account's own Lambda. */
  readonly makeInvoke?: (names: LambdaNames, log: Log) => Invoke;
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** For commands whose work may end with another code than 0: the last one set counts. */
  readonly exitWith: (code: number) => void;
};

/** The log of a command: on stderr, lines for people on a terminal, JSON elsewhere. Stdout is for what was asked. */
export function makeCliLog({ stderr, redactor, clock, logLevel }: CliParts, usual: LogLevel): Log {
  const level = logLevel ?? usual;
  return makeLog({ level, format: stderr.isTerminal ? 'text' : 'json', write: stderr.write, redactor, clock });
}

/** Whoever looks at one round hears what a new config is about to do before the first write, however quiet the log is. */
export function tellingStart(log: Log, tell: (text: string) => void): Log {
  return {
    ...log,
    info: (message, fields) => (fields?.['notice'] === 'started' ? tell(message) : log.info(message, fields)),
    with: (fields) => tellingStart(log.with(fields), tell),
  };
}
