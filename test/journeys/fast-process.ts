/**
 * The single process as `lamplighter run` starts it, on a clock that runs faster: minutes that the rules wait for pass in
 * seconds. Arguments: config file, the machine's instant at which both clocks agree, factor.
 */
import { runForever } from '../../lib/cli/run/run-command.ts';
import { randomId } from '../../lib/io/ids.ts';
import { makeLog } from '../../lib/io/log-lines.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeFastClock } from './fast-clock.ts';

const [configFile = '', since = '0', factor = '1'] = process.argv.slice(2);
const clock = makeFastClock(Number(since), Number(factor));
const redactor = makeRedactor();
const log = makeLog({ level: 'info', format: 'json', write: (text) => process.stdout.write(text), redactor, clock });
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

await runForever(
  { env: process.env, fetch: (input, init) => fetch(input, init), clock, newId: randomId, log, redactor },
  { configFile, signal: stop.signal, zone: 'UTC' },
);
