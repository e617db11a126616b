import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';

/** What a job may still use; nothing starts that does not fit. */
export type Budgeted = Context & { timeLeftMs: () => number };

/** Kept back for storing what was found: a commit that is tried a few times, and the log. */
export const reserveMs = 10_000;

export function timeBudget<Event, Result>(): MiddlewareObj<Event, Result, Error, Budgeted> {
  return {
    before: function setTimeBudget({ context }) {
      context.timeLeftMs = () => context.getRemainingTimeInMillis() - reserveMs;
    },
  };
}
