import { Worker } from 'node:worker_threads';
import { type IcsAsked, type IcsOutcome, lineOfEvent } from './ics.ts';

/** `event`: the number of the event that is looked at now, for all to see. */
export type IcsWork = { readonly asked: IcsAsked; readonly event: Int32Array<SharedArrayBuffer> };

/** A calendar of days is read in milliseconds, ten thousand events in a second or two. */
const mostMs = 5000;
const mostMegabytes = 256;
/** A config has a handful of calendars. */
const mostKnown = 30;

/** What a file came to stays so: it is read again only when it, the horizon or the zones have changed. */
const known = new Map<string, IcsOutcome>();

/**
 * The local dates of a calendar file (see findIcsDates), found in a thread of its own: whatever the file makes a library
 * do, the process goes on, and after `ms` the thread is ended.
 */
export async function readIcs(asked: IcsAsked, ms = mostMs): Promise<IcsOutcome> {
  const key = JSON.stringify(asked);
  const outcome = known.get(key) ?? (await readApart(asked, ms));
  if (outcome.ok) known.set(key, outcome);
  for (const old of [...known.keys()].slice(0, -mostKnown)) known.delete(old);
  return outcome;
}

async function readApart(asked: IcsAsked, ms: number): Promise<IcsOutcome> {
  const event = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    new URL(import.meta.url.endsWith('.ts') ? 'ics-worker.ts' : 'ics-worker.js', import.meta.url),
    {
      workerData: { asked, event } satisfies IcsWork,
      resourceLimits: { maxOldGenerationSizeMb: mostMegabytes },
    },
  );
  const failed = (what: string): IcsOutcome => {
    const line = lineOfEvent(asked.text, Atomics.load(event, 0));
    return { ok: false, message: line === 0 ? `it ${what}` : `the event at its line ${line} ${what}` };
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<IcsOutcome>((resolve) => {
      const giveUp = () => resolve(failed(`takes too long to unroll, more than ${ms / 1000} s`));
      worker.on('message', (message: 'begun' | IcsOutcome) => {
        if (message === 'begun') timer = setTimeout(giveUp, ms);
        else resolve(message);
      });
      worker.on('error', (error: NodeJS.ErrnoException) =>
        resolve(
          failed(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'takes too much memory to unroll' : 'cannot be read'),
        ),
      );
      worker.on('exit', () => resolve(failed('cannot be read')));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
