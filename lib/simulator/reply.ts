import type { Json } from '../model/json.ts';
import type { Role, WorldState } from './world-model.ts';

/** The service's answer to one call. */
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

const kinds = ['cluster', 'node-pool'] as const;
const verbs = ['list', 'create', 'update', 'delete'] as const;

export const everyRole: readonly Role[] = kinds.flatMap((kind) => verbs.map((verb): Role => `${kind}:${verb}`));

/** A read-only token. */
export const listRoles: readonly Role[] = ['cluster:list', 'node-pool:list'];

/** `Authorization: Token <token>`; the scheme's name is taken in any case (RFC 9110, section 11.1). */
export function refuseAccess(
  state: WorldState,
  header: string | undefined,
  role: Role | undefined,
): Refusal | undefined {
  const token = /^token +(\S+)$/i.exec(header ?? '')?.[1];
  const roles = token === undefined ? undefined : state.tokens.get(token);
  if (roles === undefined) return refusals.unauthenticated();
  if (role !== undefined && !roles.has(role)) return refusals.forbidden(`permission denied: ${role}`);
  return undefined;
}
