import { join } from 'node:path';
import { randomId } from '../../../lib/io/ids.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { describeStore } from './contract.ts';

describeStore('SQLite store', {
  open: async () => {
    const folder = makeTemporaryFolder();
    const path = join(folder.path, 'lamplighter.db');
    const store = openSqliteStore({ path, newId: randomId });
    const other = openSqliteStore({ path, newId: randomId });
    const end = async () => {
      await store.close();
      await other.close();
      folder.remove();
    };
    return { store, other, end };
  },
});
