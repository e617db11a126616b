/** How a body ended: read to its end, at the cap, broken off on the way, or still coming at the deadline. */
export type BodyEnd = 'whole' | 'cap' | 'broken' | 'deadline';

/** Filled while the body comes in, so that a deadline finds what came until then. */
export type BodyBuffer = { readonly chunks: Uint8Array[]; bytes: number };

/** Reads a body into the buffer and stops at the cap (bytes after decompression); what is over the cap is cut away. */
export async function readBody(response: Response, buffer: BodyBuffer, capBytes: number): Promise<BodyEnd> {
  if (!response.body) return 'whole';
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'whole';
      if (!take(buffer, value, capBytes)) return await giveUp(reader);
    }
  } catch {
    return 'broken';
  }
}

export function joinChunks(buffer: BodyBuffer): Uint8Array {
  return buffer.chunks.length === 1 && buffer.chunks[0] ? buffer.chunks[0] : Buffer.concat(buffer.chunks);
}

/** False when the chunk goes over the cap. */
function take(buffer: BodyBuffer, chunk: Uint8Array, capBytes: number): boolean {
  const room = capBytes - buffer.bytes;
  const fitting = chunk.byteLength > room ? chunk.subarray(0, room) : chunk;
  buffer.chunks.push(fitting);
  buffer.bytes += fitting.byteLength;
  return fitting.byteLength === chunk.byteLength;
}

async function giveUp(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<BodyEnd> {
  await reader.cancel().catch(() => undefined);
  return 'cap';
}
