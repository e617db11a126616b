import { expect, test } from 'vitest';
import { localInstants } from '../../../lib/cli/text/instant.ts';

const near = Date.parse('2026-11-24T03:00:00Z');

test.each([
  ['ready by 2026-11-24T06:00:00Z', 'ready by 07:00 Europe/Berlin'],
  ['until 2026-11-24T23:30:00.250Z', 'until Wed 2026-11-25 00:30 Europe/Berlin'],
  [
    'from 2026-11-23T22:00:00Z to 2026-11-24T06:00:00Z',
    'from Mon 2026-11-23 23:00 Europe/Berlin to 07:00 Europe/Berlin',
  ],
  ['no instant: 2026-11-24', 'no instant: 2026-11-24'],
  ['no such day: 2026-99-99T06:00:00Z', 'no such day: 2026-99-99T06:00:00Z'],
])('%o is read as %o', (text, read) => {
  expect(localInstants(text, 'Europe/Berlin', near)).toBe(read);
});
