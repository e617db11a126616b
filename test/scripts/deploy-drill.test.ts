import { expect, test } from 'vitest';
import { endpointOf } from '../../scripts/deploy-drill.ts';

test.each([undefined, '', 'emulator', 'https://cloudformation.eu-central-1.amazonaws.com', 'http://10.0.0.7:5000'])(
  'a drill is refused anywhere but on this machine: %s',
  (address) => {
    expect(() => endpointOf({ AWS_ENDPOINT_URL: address })).toThrow(/AWS_ENDPOINT_URL is/);
  },
);

test.each(['http://127.0.0.1:5000', 'http://localhost:4566'])('and taken there: %s', (address) => {
  expect(endpointOf({ AWS_ENDPOINT_URL: address })).toBe(address);
});
