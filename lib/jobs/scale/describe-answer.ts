import type { Answer } from '../../decide/answer.ts';

/** An answer that is not `ok`, in a few words for people. */
export function describeAnswer(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string {
  switch (answer.kind) {
    case 'unauthorized':
      return `the token was refused (401): ${answer.detail}`;
    case 'forbidden':
      return `the token lacks a role (403): ${answer.detail}`;
    case 'not-found':
      return `not found (404): ${answer.detail}`;
    case 'busy':
      return `the cluster is busy: ${answer.detail}`;
    case 'refused':
      return `refused (${answer.reason}): ${answer.detail}`;
    case 'not-sent':
      return `not sent (${answer.reason}): ${answer.detail}`;
    case 'unknown':
      return `no usable answer (${answer.reason}): ${answer.detail}`;
  }
}

/** What the service said, without the call it said it to: for texts that name the pool themselves. */
export function saidBy({ detail }: { readonly detail: string }): string {
  return detail.replace(/^[A-Z]+ \/\S+ /, '');
}
