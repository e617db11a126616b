/** Reads one calendar file in a thread of its own: see read-ics.ts, which ends it when it takes too long. */
import { parentPort, workerData } from 'node:worker_threads';
import { findIcsDates } from './ics-dates.ts';
import type { IcsWork } from './read-ics.ts';

const { asked, event } = workerData as IcsWork;
const tell = parentPort?.postMessage.bind(parentPort);
tell?.('begun');
tell?.(findIcsDates(asked, (index) => Atomics.store(event, 0, index)));
