/**
 * A process that raises the number in one record by compare-and-set, as often as it is told, and says each time how far
 * it got. `node count-up.ts <file> <times>`; without `times` it goes on until it is killed.
 */
import { writeSync } from 'node:fs';
import { randomId } from '../../../lib/io/ids.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';

const [path = '', times = 'Infinity'] = process.argv.slice(2);
const store = openSqliteStore({ path, newId: randomId });
const key = { partition: 'counters', id: 'one' };
let done = 0;
while (done < Number(times)) {
  const seen = await store.read(key);
  const value = Number(seen?.value ?? 0) + 1;
  const outcome = await store.commit([
    seen ? { kind: 'putIfVersion', key, version: seen.version, value } : { kind: 'putIfAbsent', key, value },
    { kind: 'putIfAbsent', key: { partition: 'marks', id: String(value).padStart(9, '0') }, value },
  ]);
  // Said only after the commit was acknowledged: what was said must be there, whatever happens next.
  if (outcome.kind === 'conflict') continue;
  // At once: what waits in a queue of this process goes with it.
  writeSync(1, `${value}\n`);
  done += 1;
}
await store.close();
