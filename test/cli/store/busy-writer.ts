/** Writes two records in one commit, again and again, until it is killed: whoever reads one number must read it twice. */
import { randomId } from '../../../lib/io/ids.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';
import type { Version } from '../../../lib/io/stores/store.ts';

const store = openSqliteStore({ path: process.argv[2] ?? '', newId: randomId });
let versions: readonly (Version | undefined)[] = [];
for (let at = 1; ; at += 1) {
  const outcome = await store.commit(
    ['a', 'b'].map((id, index) => {
      const put = { key: { partition: 'nodes/load', id }, value: { schema: 1, at, nodes: {} } };
      const version = versions[index];
      return version === undefined ? { kind: 'putIfAbsent', ...put } : { kind: 'putIfVersion', ...put, version };
    }),
  );
  versions = outcome.kind === 'committed' ? outcome.versions : versions;
  if (at === 20) process.stdout.write('busy\n');
}
