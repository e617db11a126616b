import { randomUUID } from 'node:crypto';

/** Random ids as they are handed in (a simulation hands in seeded ones). */
export type NewId = () => string;

export const randomId: NewId = () => randomUUID();
