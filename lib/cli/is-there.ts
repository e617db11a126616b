import { access } from 'node:fs/promises';

/** Does the path lead to something that may be looked at? */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
