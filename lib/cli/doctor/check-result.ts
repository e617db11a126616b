/** What one look found. `unknown`: it could not be told, which is not `ok`. */
export type CheckStatus = 'ok' | 'warning' | 'failed' | 'unknown';

export type Check = {
  /** Stable, for programs: "token.expiry". */
  readonly id: string;
  /** What was looked at: "region r1", "destination ops". */
  readonly about: string;
  readonly status: CheckStatus;
  /** One sentence without a full stop. */
  readonly text: string;
  readonly fix: string | undefined;
};

/** Checks of one subject. */
export function checksOf(about: string) {
  const make =
    (status: CheckStatus) =>
    (id: string, text: string, fix?: string): Check => ({ id, about, status, text, fix });
  return { ok: make('ok'), warning: make('warning'), failed: make('failed'), unknown: make('unknown') };
}

/** So many names a check tells. */
export const mostNamed = 5;
