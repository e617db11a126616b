import pino from 'pino';
import { printable, printableJson } from '../model/printable.ts';
import type { Clock } from './clock.ts';
import type { Log, LogFields } from './log.ts';
import type { Redactor } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LogOptions = {
  readonly level: LogLevel;
  /** `json`: one object per line, `time` in RFC 3339. `text`: the same for people. */
  readonly format: 'json' | 'text';
  /** Takes one finished line with its line break. */
  readonly write: (line: string) => void;
  readonly redactor: Redactor;
  readonly clock: Clock;
};

/** Every line passes the redactor last, after it was put together: no field and no message can go around it. */
export function makeLog(options: LogOptions): Log {
  const { redactor, format } = options;
  const write = (line: string) => options.write(redactor.clean(format === 'text' ? toText(line) : printableJson(line)));
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date(options.clock.now()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  };
  return toLog(pino(settings, { write }));
}

function toLog(logger: pino.Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, printable(message)),
    info: (message, fields) => logger.info(fields ?? {}, printable(message)),
    warn: (message, fields) => logger.warn(fields ?? {}, printable(message)),
    error: (message, fields) => logger.error(fields ?? {}, printable(message)),
    with: (fields) => toLog(logger.child({ ...fields })),
  };
}

/** "2026-11-23T06:00:00.000Z warn   message  region=r1 calls=3" */
function toText(line: string): string {
  const { level, time, message, ...fields } = JSON.parse(line) as { readonly [name: string]: unknown };
  const words = Object.entries(fields as LogFields).map(([name, value]) => `${name}=${quoted(value)}`);
  return `${[time, String(level).padEnd(5), printable(String(message)), ...words].join(' ')}\n`;
}

function quoted(value: LogFields[string]): string {
  const text = printable(String(value));
  return /[\s"=]/.test(text) || text === '' ? JSON.stringify(text) : text;
}
