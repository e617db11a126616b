/** What the jobs log through. Fields are plain values; an error object never is one (it may carry a token). */
export type LogFields = { readonly [name: string]: string | number | boolean | null | undefined };

export type Log = {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
  /** The same log with these fields on every line. */
  readonly with: (fields: LogFields) => Log;
};

export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, with: () => silentLog };

function ignore(): void {}
