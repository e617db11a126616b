/** The recorded fleet over HTTP, each answer 50 ms late; a process of its own. Tells its parent its port. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { recordLargeFleet } from './recorded-api.ts';

const api = await recordLargeFleet(Number(process.argv[2]));
const server = createServer((request, response) => {
  request.resume();
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  setTimeout(() => void answerTo(request.method ?? 'GET', path, response), 50);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());

async function answerTo(method: string, path: string, response: ServerResponse): Promise<void> {
  const answer = api.answer(method, path);
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(await answer.text());
}
