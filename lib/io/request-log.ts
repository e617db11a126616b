import type { Log, LogFields } from './log.ts';

export type RequestLog = Log & {
  /** From now on these fields are on every line, also of logs made from this one before. */
  readonly begin: (fields: LogFields) => void;
};

/** A process that serves one request at a time builds its parts once, and still names the request on every line. */
export function makeRequestLog(base: Log): RequestLog {
  let request: LogFields = {};
  const wrap = (own: LogFields): Log => {
    const all = (fields?: LogFields) => ({ ...request, ...own, ...fields });
    return {
      debug: (message, fields) => base.debug(message, all(fields)),
      info: (message, fields) => base.info(message, all(fields)),
      warn: (message, fields) => base.warn(message, all(fields)),
      error: (message, fields) => base.error(message, all(fields)),
      with: (fields) => wrap({ ...own, ...fields }),
    };
  };
  const begin = (fields: LogFields) => {
    request = fields;
  };
  return { ...wrap({}), begin };
}
