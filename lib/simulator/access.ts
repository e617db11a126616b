import { refusals, type Refusal } from './reply.ts';
import type { Role, WorldState } from './world-model.ts';

const kinds = ['cluster', 'node-pool'] as const;
const verbs = ['list', 'create', 'update', 'delete'] as const;

export const everyRole: readonly Role[] = kinds.flatMap((kind) => verbs.map((verb): Role => `${kind}:${verb}`));

/** A token that can look and nothing else. */
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
