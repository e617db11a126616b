import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { RunError, SecretError, StoreError } from '../lib/errors.ts';
import type { OpenContainer } from './container.ts';

/** Every line of this invocation names its request, its job and its config. */
export function runLog<Event, Result>(job: string, open: OpenContainer): MiddlewareObj<Event, Result> {
  return {
    before: async function beginRunLog({ context }) {
      const { log, config } = await open();
      log.begin({ requestId: context.awsRequestId, job, config: config.hash });
    },
  };
}

/**
 * A failed run ends as a failure, and says no more than our own errors do: the runtime prints what it is given, and an
 * error from elsewhere may hold an address or a token.
 */
export function safeErrors<Event, Result>(job: string, open: OpenContainer): MiddlewareObj<Event, Result> {
  return {
    onError: async function failSafely(request) {
      const reason = reasonOf(request.error);
      const failure = new RunError(`${job} failed: ${reason}`);
      delete failure.stack;
      request.error = failure;
      await open().then(
        ({ log }) => log.error('the run failed', { reason }),
        () => undefined,
      );
    },
  };
}

function reasonOf(error: unknown): string {
  const isOurs = error instanceof StoreError || error instanceof SecretError || error instanceof RunError;
  if (isOurs || (error instanceof TypeError && error.message.startsWith('the payload was refused')))
    return error.message;
  return error instanceof Error ? `an unexpected ${error.name}` : 'an unexpected error';
}

/** What a job may still use; nothing starts that does not fit. */
export type Budgeted = Context & { timeLeftMs: () => number };

/** Time reserved for storing the result: a commit with a few attempts, and the log. */
export const reserveMs = 10_000;

export function timeBudget<Event, Result>(): MiddlewareObj<Event, Result, Error, Budgeted> {
  return {
    before: function setTimeBudget({ context }) {
      context.timeLeftMs = () => context.getRemainingTimeInMillis() - reserveMs;
    },
  };
}
