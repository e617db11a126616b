/**
 * The statuses MKS is known to give (its clients and users have seen these). A space or another letter case makes no
 * other status.
 */
const changing = new Set(['creating', 'upgrading', 'deleting', 'scaling', 'awaitingnetwork', 'configuring']);
const settled = new Set(['running', 'error', 'deleted']);

/** A status that should pass by itself. */
export function isChanging(status: string): boolean {
  return changing.has(plain(status));
}

export function isKnownStatus(status: string): boolean {
  return changing.has(plain(status)) || settled.has(plain(status));
}

export function isRunning(status: string): boolean {
  return plain(status) === 'running';
}

export function isError(status: string): boolean {
  return plain(status) === 'error';
}

function plain(status: string): string {
  return status.toLowerCase().replaceAll(/[\s_-]/gu, '');
}
