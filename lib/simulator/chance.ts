/**
 * Chance without state: the same seed and the same key always give the same draw, however often and in whatever order
 * they are asked. So the world of a seed does not depend on who looked at it, or when.
 */
export function draw(seed: number, key: string): number {
  return hash32(seed, key) / 0x1_0000_0000;
}

/** An integer in [from, to]. */
export function drawInteger(seed: number, key: string, from: number, to: number): number {
  return from + Math.floor(draw(seed, key) * (to - from + 1));
}

/** A version 4 UUID (RFC 9562) that belongs to this key. */
export function drawUuid(seed: number, key: string): string {
  const hex = drawHex(seed, key, 32);
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4] ?? '8';
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** `length` lower-case hex digits; `length` is a multiple of 8. */
export function drawHex(seed: number, key: string, length: number): string {
  let hex = '';
  for (let part = 0; hex.length < length; part += 1) {
    hex += hash32(seed + part * 0x9e37_79b9, key)
      .toString(16)
      .padStart(8, '0');
  }
  return hex;
}

/** FNV-1a over the key, seeded, with MurmurHash3's finalizer, which FNV needs for its upper bits to differ. */
function hash32(seed: number, key: string): number {
  let hash = 0x811c_9dc5 ^ seed;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x0100_0193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
