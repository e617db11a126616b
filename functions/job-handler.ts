import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Container, OpenContainer } from './container.ts';
import { type Budgeted, runLog, safeErrors, timeBudget } from './middleware.ts';

export type Handler<Result> = (event: unknown, context: Context) => Promise<Result>;

/** What every function has around its one job. */
export function jobHandler<Result>(
  job: string,
  open: OpenContainer,
  work: (container: Container, event: unknown, timeLeftMs: () => number) => Promise<Result>,
): Handler<Result> {
  const handler = middy<unknown, Result, Error, Budgeted>()
    .use(runLog(job, open))
    .use(timeBudget())
    .use(safeErrors(job, open))
    .handler(async function runJob(event, { timeLeftMs }) {
      return work(await open(), event, timeLeftMs);
    });
  return (event, context) => handler(event, context as Budgeted);
}
