/** Every error class of the project. Each says what failed, on what, why, and what to do; never a secret. */

/** Wrong use of the command line or a config that cannot be used: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A file that the user named cannot be used: why, and what to do; undefined = the way out depends on who named it. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly fix: string | undefined;
  /** The place in the file, from 1, where it is known. */
  readonly at: { readonly line: number; readonly column: number } | undefined;
  constructor(message: string, fix: string | undefined, options?: ErrorOptions & Pick<Partial<FileError>, 'at'>) {
    super(message, options);
    this.fix = fix;
    this.at = options?.at;
  }
}

/** The store could not be reached, or the outcome of a write stays unknown. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** A secret could not be had. Carries the reference, never the value. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly reference: string;
  constructor(message: string, reference: string, options?: ErrorOptions) {
    super(message, options);
    this.reference = reference;
  }
}

/** A command did not do its work: exit code 1, the message is for people. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** A run of a job failed, as the function's caller and log may know it: no cause, since a foreign error may hold a secret. */
export class RunError extends Error {
  override readonly name = 'RunError';
}
