import type { Log } from '../io/log.ts';
import { type LogLevel, makeLog } from '../io/log-pino.ts';
import type { CliParts } from './cli-parts.ts';

/** The log of a command: on stderr, lines for people on a terminal, JSON elsewhere. Stdout is for what was asked. */
export function makeCliLog({ stderr, redactor, clock }: CliParts, level: LogLevel): Log {
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
