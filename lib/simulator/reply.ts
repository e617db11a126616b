import type { Json } from '../decide/model.ts';

/** What the service says to one call. */
export type Reply = { readonly status: number; readonly text: string; readonly contentType?: string };

export type Refusal = { readonly status: number; readonly code: number; readonly message: string };

export function accepted(body: Json): Reply {
  return { status: 200, text: JSON.stringify(body) };
}

/** `items` are answers that were rendered already. */
export function acceptedItems(items: readonly string[]): Reply {
  return { status: 200, text: `{"items":[${items.join(',')}]}` };
}

export function acceptedText(text: string): Reply {
  return { status: 200, text };
}

/** An error as a gRPC gateway writes it: `{ code, message, details }`. */
export function refused(refusal: Refusal): Reply {
  const { status, code, message } = refusal;
  return { status, text: JSON.stringify({ code, message, details: [] }) };
}

/** gRPC codes and the HTTP status the usual gateway gives them (google.rpc.Code). */
export const refusals = {
  invalid: (message: string): Refusal => ({ status: 400, code: 3, message }),
  notFound: (message: string): Refusal => ({ status: 404, code: 5, message }),
  forbidden: (message: string): Refusal => ({ status: 403, code: 7, message }),
  quota: (message: string): Refusal => ({ status: 429, code: 8, message }),
  noSuchMethod: (): Refusal => ({ status: 405, code: 12, message: 'Method Not Allowed' }),
  unauthenticated: (): Refusal => ({ status: 401, code: 16, message: 'unauthenticated' }),
} as const;
