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
  return logWith(options, {});
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Fields are plain values, so that a line needs no library: one that is loaded at each cold start of a function. */
function logWith(options: LogOptions, own: LogFields): Log {
  const { redactor, format, clock } = options;
  const say = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (levels.indexOf(level) < levels.indexOf(options.level)) return;
    const time = new Date(clock.now()).toISOString();
    const line = `${JSON.stringify({ level, time, ...own, ...fields, message: printable(message) })}\n`;
    options.write(redactor.clean(format === 'text' ? toText(line) : printableJson(line)));
  };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    with: (fields) => logWith(options, { ...own, ...fields }),
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
