import type { MiddlewareObj } from '@middy/core';
import type { OpenContainer } from '../container.ts';

/** Every line of this invocation names its request, its job and its config. */
export function runLog<Event, Result>(job: string, open: OpenContainer): MiddlewareObj<Event, Result> {
  return {
    before: async function beginRunLog({ context }) {
      const { log, config } = await open();
      log.begin({ requestId: context.awsRequestId, job, config: config.hash });
    },
  };
}
