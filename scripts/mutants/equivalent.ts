/**
 * Mistakes that change nothing anybody could see, so that no test can: they are counted apart. Each with why; what is written
 * here and is seen after all does no harm.
 */
type Equivalent = {
  readonly file: string;
  /** The code as it is, in one line. */
  readonly was: string;
  /** What it may become. */
  readonly becomes: readonly string[];
  readonly why: string;
};

export const equivalent: readonly Equivalent[] = [];
