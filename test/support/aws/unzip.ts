import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;

/** Unpacks a zip as Lambda does. Stored and deflated entries only: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
export async function unzip(file: string, into: string): Promise<readonly string[]> {
  const bytes = await readFile(file);
  const names: string[] = [];
  let at = bytes.readUInt32LE(findEnd(bytes) + 16);
  while (bytes.readUInt32LE(at) === entrySignature) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength!);
    if (!name.endsWith('/')) {
      await mkdir(dirname(join(into, name)), { recursive: true });
      await writeFile(join(into, name), contentOf(bytes, at));
      names.push(name);
    }
    at += 46 + nameLength! + extraLength! + commentLength!;
  }
  return names;
}

function findEnd(bytes: Buffer): number {
  for (let at = bytes.length - 22; at >= 0; at -= 1) if (bytes.readUInt32LE(at) === endSignature) return at;
  throw new Error('this is no zip');
}

function contentOf(bytes: Buffer, entry: number): Buffer {
  const method = bytes.readUInt16LE(entry + 10);
  const packed = bytes.readUInt32LE(entry + 20);
  const header = bytes.readUInt32LE(entry + 42);
  const start = header + 30 + bytes.readUInt16LE(header + 26) + bytes.readUInt16LE(header + 28);
  const content = bytes.subarray(start, start + packed);
  return method === 0 ? content : inflateRawSync(content);
}
