import type { Outcome } from '../../decide/outbox/outcome.ts';
import { type Answered, type Destination, describeStatus, jsonHeaders, readStatus, urlOf } from './destination.ts';

/**
 * Teams Workflows: 202 before the card is posted, so accepted at best. An old connector answered 200 whatever happened,
 * with the true status in its text: "Microsoft Teams endpoint returned HTTP error 429"
 * (github.com/MicrosoftDocs/msteams-docs/issues/400).
 */
export const teams: Destination = {
  address: ({ body }, credentials) => ({ url: urlOf(credentials), headers: jsonHeaders, body }),
  classify: (answer) => {
    const [, inText] = /returned HTTP error (\d{3})/i.exec(answer.body) ?? [];
    if (inText !== undefined) return fromText(answer, Number(inText));
    return answer.status >= 200 && answer.status < 300 ? taken(answer) : readStatus(answer);
  },
};

function fromText(answer: Answered, status: number): Outcome {
  const outcome = readStatus({ ...answer, status });
  return { ...outcome, problem: `${describeStatus(answer.status)}, and in its text ${status}` } as Outcome;
}

/** A page in HTML is a proxy's or a login's, and no flow has seen the card. */
function taken(answer: Answered): Outcome {
  if (!answer.contentType.includes('html')) return { kind: 'accepted' };
  return { kind: 'unknown', retryAfterMs: undefined, problem: `${describeStatus(answer.status)} with a web page` };
}
