/** Those that decide what is done. */
export const decidingPoints = [
  'store: list rules',
  'store: list records',
  'store: list asks',
  'store: list findings',
  'api: list clusters',
  'api: list pools',
  'api: pause before a second try',
  'secret: read',
  'store: keep a rule',
  'store: read what started',
  'store: say what started',
  'store: claim',
  'api: get pool',
  'api: put pool',
  'store: take a claim back',
  'store: keep a record',
  'store: keep notices',
  'store: list findings again',
  'store: keep findings',
] as const;

/** Those that only write down what was: drawn apart, so that they leave the crashes of all other points as they were. */
export const pastPoints = ['store: keep sizes', 'store: list nodes', 'store: keep nodes'] as const;

/** Every await of the scale job at which it touches the outside: at each a crash before and after its effect. */
export const awaitPoints = [...decidingPoints, ...pastPoints] as const;

export type AwaitPoint = (typeof awaitPoints)[number];
export type CrashTime = 'before' | 'after';
