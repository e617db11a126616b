import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { serveListen } from '../../../lib/io/listen/serve.ts';
import { makeListenWorld } from './listen-world.ts';

// Real time: Node looks for slow senders itself, and only its interval decides when.
test('senders of half a request or of nothing are cut off after some seconds', { timeout: 40_000 }, async () => {
  const { app } = makeListenWorld();
  const listening = await serveListen(app, { host: '127.0.0.1', port: 0 }, systemClock);
  const begun = systemClock.now();
  const cutOff = ['POST /events/ci HTTP/1.1\r\nhost: x\r\n', ''].map(async (sent) => {
    const socket = connect(listening.port, '127.0.0.1');
    socket.resume();
    socket.write(sent);
    await new Promise((resolve) => socket.once('close', resolve));
    return systemClock.now() - begun;
  });
  const took = await Promise.all(cutOff);
  await listening.close();
  // After eight, when Node looks next, and not only once they were idle for thirty.
  expect(Math.min(...took)).toBeGreaterThan(7500);
  expect(Math.max(...took)).toBeLessThan(25_000);
});
