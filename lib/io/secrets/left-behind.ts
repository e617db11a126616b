import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process of this machine. Its number may be given to another one later; with its start it is one and the same. */
export type Process = { readonly id: number; readonly startedAt: string };

/**
 * A running program, what it has started, and what holds its output open, also in a process group or session of its own
 * (`setsid`); further what `others` have started. Read from /proc (Linux; elsewhere nothing is found). What has cut both
 * ties, as daemons do on purpose, is not found.
 */
export function findStartedBy(program: number | undefined, others: readonly Process[]): readonly Process[] {
  const all = listProcesses();
  const found = new Set(others.map(({ id }) => id));
  if (program !== undefined) {
    found.add(program);
    const output = outputOf(program);
    for (const { id } of all) if (output !== undefined && outputOf(id) === output) found.add(id);
  }
  // Parents may have higher numbers than their children: until nobody new is found.
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { id, parent } of all) if (found.has(parent)) found.add(id);
  }
  return all.filter(({ id }) => found.has(id));
}

/** What the output of a process leads to, such as `socket:[4711]`; undefined where nobody may know. */
function outputOf(id: number): string | undefined {
  try {
    return readlinkSync(`/proc/${id}/fd/1`);
  } catch {
    return undefined;
  }
}

/** Those that are still the ones that were found, and have not ended. */
export function stillThere(processes: readonly Process[]): readonly Process[] {
  return processes.filter(({ id, startedAt }) => statusOf(id)?.startedAt === startedAt);
}

export function signalAll(processes: readonly Process[], signal: NodeJS.Signals): void {
  for (const { id } of stillThere(processes)) {
    try {
      process.kill(id, signal);
    } catch {
      // It has ended by itself, or belongs to somebody else.
    }
  }
}

type Status = Process & { readonly parent: number };

function listProcesses(): readonly Status[] {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/u.test(name) ? (statusOf(Number(name)) ?? []) : []));
  } catch {
    return [];
  }
}

/**
 * Of proc_pid_stat(5): the third, fourth and 22nd field, counted behind the name, which may hold spaces and brackets.
 * Undefined for one that has ended and only waits to be told to its parent.
 */
function statusOf(id: number): Status | undefined {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return { id, parent: Number(fields[1]), startedAt: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
