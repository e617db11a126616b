import { CommandError, SecretError, StoreError, UsageError } from '../errors.ts';

export type Failure = { readonly exitCode: 1 | 2; readonly message: string };

/**
 * What a command failed with, as people should read it. Our own errors say it themselves; of a foreign one only its kind
 * is shown: its text and stack may hold anything.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { exitCode: 2, message: error.message };
  if (error instanceof CommandError || error instanceof StoreError || error instanceof SecretError)
    return { exitCode: 1, message: error.message };
  const kind = error instanceof Error ? error.name : typeof error;
  const code = codeOf(error);
  return {
    exitCode: 1,
    message: `An unexpected error ended the command: ${kind}${code === undefined ? '' : ` (${code})`}. Nothing more is known; please report it with the command you ran`,
  };
}

/** The system's own short names of errors: EACCES, EADDRINUSE. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code) ? code : undefined;
}
