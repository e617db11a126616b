import { describe, expect, test } from 'vitest';
import { refuseUnsigned, secretProblem, transportOf } from '../../../lib/io/listen/event-source.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { isLoopback } from '../../../lib/model/address.ts';
import { makeSource, sources } from '../../decide/intake/fixtures.ts';

const unsigned = makeSource({ name: 'open', secrets: [] });

describe('the way in', () => {
  test.each([
    [sources.ci, 'signed'],
    [sources['queue-depth'], 'bearer'],
    [unsigned, 'unsigned'],
    [makeSource({ secrets: [], queue: 'q' }), 'none'],
    [sources.pipeline, 'none'],
  ] as const)('%# is told by secret, queue and kind', (source, way) => {
    expect(transportOf(source)).toBe(way);
  });

  test.each(['127.0.0.1', '127.8.9.1', 'localhost', '::1', '[::1]'])('%s is loopback', (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(() => refuseUnsigned(host, [unsigned])).not.toThrow();
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', ''])(
    '%j is not',
    (host) => {
      expect(isLoopback(host)).toBe(false);
      expect(() => refuseUnsigned(host, [sources.ci, unsigned])).toThrow(
        `Listening on ${host} was refused: events.open has no secret, so anybody could raise its pools; give it a secret, or listen on 127.0.0.1`,
      );
      expect(() => refuseUnsigned(host, Object.values(sources))).not.toThrow();
    },
  );
});

describe('a secret', () => {
  const key = (bytes: number) => makeSecret(`whsec_${Buffer.alloc(bytes, 7).toString('base64')}`);

  test.each([24, 32, 64])('of %d bytes signs', (bytes) => {
    expect(secretProblem(sources.ci, key(bytes))).toBeUndefined();
  });

  test.each([key(23), makeSecret(''), makeSecret('x'.repeat(40)), makeSecret('whsec_***')])(
    '%# is refused without being shown',
    (secret) => {
      expect(secretProblem(sources.ci, secret)).toBe(
        'The secret of events.ci was refused: it must be "whsec_" and the base64 of at least 24 random bytes; make one with: echo "whsec_$(openssl rand -base64 32)"',
      );
    },
  );

  test('of Alertmanager has 24 bytes', () => {
    expect(secretProblem(sources['queue-depth'], makeSecret('x'.repeat(24)))).toBeUndefined();
    expect(secretProblem(sources['queue-depth'], makeSecret('x'.repeat(23)))).toContain(
      'it must have at least 24 bytes',
    );
  });
});
