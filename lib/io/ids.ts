import { randomUUID } from 'node:crypto';

/** Injected random ids (a simulation uses seeded ones). */
export type NewId = () => string;

export const randomId: NewId = () => randomUUID();
