import type { Fault } from './faults.ts';
import { refused, type Reply } from './reply.ts';

/** The words of the block page are those its users report; the rest of it is only shaped like one. */
export function blockPage(supportId: string): string {
  return (
    '<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. ' +
    `Please consult with your administrator.<br><br>Your support ID is: ${supportId}<br><br>` +
    "<a href='javascript:history.back();'>[Go Back]</a></body></html>"
  );
}

const messages: { readonly [status: number]: string } = {
  500: 'internal error',
  502: 'Bad Gateway',
  503: 'upstream connect error',
  504: 'context deadline exceeded',
};

const codes: { readonly [status: number]: number } = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 10,
  429: 8,
  500: 13,
  502: 14,
  503: 14,
  504: 4,
};

export function statusReply(fault: Extract<Fault, { kind: 'status' }>): Reply {
  const { status } = fault;
  const message = fault.message ?? messages[status] ?? 'error';
  if (fault.body === 'empty') return { status, text: '', contentType: 'text/plain' };
  if (fault.body !== 'html') return refused({ status, code: fault.code ?? codes[status] ?? 2, message });
  const text = `<html><head><title>${status} ${message}</title></head><body><h1>${status} ${message}</h1></body></html>`;
  return { status, text, contentType: 'text/html' };
}
