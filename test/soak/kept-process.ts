/**
 * The single process as `lamplighter run` starts it, on the clock of its keeper. Arguments: config file, the instant at
 * which it begins.
 */
import { runForever } from '../../lib/cli/run/run-command.ts';
import { randomId } from '../../lib/io/ids.ts';
import { makeLog } from '../../lib/io/log-lines.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeKeeperClock, type Wake } from './keeper-clock.ts';

const [configFile = '', start = '0'] = process.argv.slice(2);
const keeper = makeKeeperClock(Number(start));
const redactor = makeRedactor();
const log = makeLog({
  level: 'info',
  format: 'json',
  write: (text) => process.stdout.write(text),
  redactor,
  clock: keeper.clock,
});
const stop = new AbortController();

process.on('message', (wake: Wake) => {
  keeper.wake(wake);
  void sayIdle();
});
process.on('disconnect', () => process.exit(0));

async function sayIdle(): Promise<void> {
  process.send?.(await keeper.untilIdle());
}

void runForever(
  {
    env: process.env,
    fetch: keeper.watching((input, init) => fetch(input, init)),
    clock: keeper.clock,
    newId: randomId,
    log,
    redactor,
  },
  { configFile, signal: stop.signal, zone: 'UTC' },
);
void sayIdle();
