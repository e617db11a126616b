/**
 * The single process as `lamplighter run` starts it, but for a clock that runs faster, so that its rounds follow each
 * other. Arguments: config file, factor. Tells its parent each round's end and its memory.
 */
import { keepSmall } from '../../lib/cli/run/keep-small.ts';
import { runForever } from '../../lib/cli/run/run-command.ts';
import { type Clock, systemClock } from '../../lib/io/clock.ts';
import { randomId } from '../../lib/io/ids.ts';
import { type Log, silentLog } from '../../lib/io/log.ts';
import { makeRedactor } from '../../lib/io/redact.ts';

const [configFile = '', factor = '1'] = process.argv.slice(2);
const began = systemClock.now();
const clock: Clock = {
  now: () => began + (systemClock.now() - began) * Number(factor),
  sleep: (ms, signal) => systemClock.sleep(ms / Number(factor), signal),
};
keepSmall();
const stop = new AbortController();
process.on('disconnect', () => stop.abort());

await runForever(
  {
    env: process.env,
    fetch: atThisTime,
    clock,
    newId: randomId,
    log: reporting(),
    redactor: makeRedactor(),
  },
  { configFile, signal: stop.signal, zone: 'UTC' },
);

/** The API's clock runs as fast as ours: where they are minutes apart, nothing is judged any more. */
async function atThisTime(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { body, status, headers } = await fetch(input, init);
  const dated = new Headers(headers);
  dated.set('date', new Date(clock.now()).toUTCString());
  return new Response(body, { status, headers: dated });
}

function reporting(): Log {
  const log: Log = {
    ...silentLog,
    info: (message, fields) => {
      if (message === 'round done') process.send?.({ fields, rss: process.memoryUsage().rss });
    },
    with: () => log,
  };
  return log;
}
