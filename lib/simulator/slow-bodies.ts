import type { Clock } from '../io/clock.ts';

const encoder = new TextEncoder();

/** What reading a body throws when the connection breaks under it, as Node's own fetch says it. */
export function brokenConnection(): TypeError {
  return new TypeError('terminated', {
    cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
  });
}

/** Half of the text, then the connection breaks. */
export function cutOffBody(text: string): ReadableStream<Uint8Array> {
  let isSent = false;
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (isSent) return controller.error(brokenConnection());
        isSent = true;
        controller.enqueue(encoder.encode(half(text)));
      },
    },
    { highWaterMark: 0 },
  );
}

export function half(text: string): string {
  return text.slice(0, Math.floor(text.length / 2));
}

const hugeStart = '{"items":[],"padding":"';
const hugeEnd = '"}';
const chunkBytes = 65_536;

/** `bytes` bytes of JSON, made as they are read: never more than one chunk is in memory. */
export function hugeBody(bytes: number, signal: AbortSignal): ReadableStream<Uint8Array> {
  const chunk = encoder.encode('x'.repeat(chunkBytes));
  let padding = Math.max(0, bytes - hugeStart.length - hugeEnd.length);
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(hugeStart)),
      pull: (controller) => {
        if (signal.aborted) return controller.error(signal.reason);
        if (padding === 0) {
          controller.enqueue(encoder.encode(hugeEnd));
          return controller.close();
        }
        const part = Math.min(padding, chunkBytes);
        padding -= part;
        controller.enqueue(part === chunkBytes ? chunk.slice() : chunk.slice(0, part));
      },
    },
    { highWaterMark: 0 },
  );
}

/** A few bytes, then a wait, and so on until the text is through or nobody listens any more. */
export function drippingBody(
  text: string,
  drip: { readonly everyMs: number; readonly bytes: number },
  clock: Clock,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const all = encoder.encode(text);
  const left = new AbortController();
  let sent = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (sent > 0) await clock.sleep(drip.everyMs, AbortSignal.any([signal, left.signal]));
        if (signal.aborted) return controller.error(signal.reason);
        if (left.signal.aborted) return;
        controller.enqueue(all.slice(sent, sent + drip.bytes));
        sent += drip.bytes;
        if (sent >= all.length) controller.close();
      },
      cancel: () => left.abort(),
    },
    { highWaterMark: 0 },
  );
}
