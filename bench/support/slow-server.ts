/** The recorded fleet over HTTP, each answer 50 ms late; a process of its own. Tells its parent its port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { recordLargeFleet } from './recorded-api.ts';

const api = await recordLargeFleet(Number(process.argv[2]));
const server = createServer((request, response) => {
  request.resume();
  setTimeout(async () => {
    const answer = api.answer(request.method ?? 'GET', new URL(request.url ?? '/', 'http://localhost').pathname);
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  }, 50);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
