/** Why there is no body. */
export type BodyProblem = 'too-large' | 'crowded' | 'broken-off';

/** A complete body; `done` releases its memory. */
export type HeldBody = { readonly body: Uint8Array | BodyProblem; readonly done: () => void };

/** The memory shared by all bodies. */
export type Bodies = {
  /** A body that is too large is not read to its end. */
  readonly read: (request: Request) => Promise<HeldBody>;
  /** Bytes held now. */
  readonly held: () => number;
};

/** An event is a few hundred bytes, a large alert group a few thousand; larger ones are refused before parsing. */
export const mostBodyBytes = 64 * 1024;

/** 64 of the largest bodies at a time, thousands of usual ones. */
const mostHeldBytes = 4 * 1024 * 1024;

/** A body being read: its memory is released once, and `letGo` stops reading. */
type Guest = { buffer: Uint8Array; bytes: number; isWhole: boolean; readonly letGo: () => void };

/**
 * All bodies share one limit. When it is reached, the oldest unfinished body is dropped: senders need milliseconds, so
 * the oldest is the one that stalls, and a flood of stalled bodies cannot block others.
 */
export function makeBodies(most = { each: mostBodyBytes, together: mostHeldBytes }): Bodies {
  const guests = new Set<Guest>();
  const held = () => [...guests].reduce((sum, { buffer }) => sum + buffer.length, 0);
  const makeRoom = () => {
    let over = held() - most.together;
    for (const guest of guests) {
      if (over <= 0) return;
      if (guest.isWhole) continue;
      over -= guest.buffer.length;
      guests.delete(guest);
      guest.letGo();
    }
  };
  return {
    held,
    read: async (request) => {
      const told = Number(request.headers.get('content-length') ?? 0);
      if (!(told <= most.each)) return { body: 'too-large', done: () => undefined };
      const reader = request.body?.getReader();
      const letGo = () => void reader?.cancel().catch(() => undefined);
      const guest: Guest = { buffer: new Uint8Array(0), bytes: 0, isWhole: false, letGo };
      guests.add(guest);
      const body = reader === undefined ? guest.buffer : await readAll(reader, guest, most.each, makeRoom);
      guest.isWhole = true;
      return { body: guests.has(guest) ? body : 'crowded', done: () => void guests.delete(guest) };
    },
  };
}

/** One growing buffer, so that a slow body takes no more memory than a fast one. */
async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  guest: Guest,
  most: number,
  makeRoom: () => void,
): Promise<Uint8Array | BodyProblem> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return guest.buffer.subarray(0, guest.bytes);
      if (guest.bytes + value.length > most) return await giveUp(reader);
      if (guest.bytes + value.length > guest.buffer.length) {
        const size = Math.min(most, Math.max(guest.bytes + value.length, guest.buffer.length * 2));
        const grown = new Uint8Array(size);
        grown.set(guest.buffer.subarray(0, guest.bytes));
        guest.buffer = grown;
        makeRoom();
      }
      guest.buffer.set(value, guest.bytes);
      guest.bytes += value.length;
    }
  } catch {
    return 'broken-off';
  }
}

async function giveUp(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<BodyProblem> {
  await reader.cancel().catch(() => undefined);
  return 'too-large';
}
