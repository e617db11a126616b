import { expect, test } from 'vitest';
import { packageService } from '../support/aws/package-service.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

test('a package has the same bytes twice, without network or credentials', async () => {
  const folders = [makeTemporaryFolder(), makeTemporaryFolder()] as const;
  try {
    const first = await packageService(folders[0].path);
    const second = await packageService(folders[1].path, [
      '--config',
      'deploy/lamplighter.aws.example.yml',
      '--stage',
      'prod',
    ]);
    expect(second.zips).toEqual(first.zips);
  } finally {
    for (const folder of folders) folder.remove();
  }
}, 300_000);
