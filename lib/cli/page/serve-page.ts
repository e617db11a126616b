import { Hono } from 'hono';
import { StoreError } from '../../errors.ts';
import { otherMethods } from '../../io/listen/routes.ts';
import { serveListen } from '../../io/listen/serve.ts';
import type { CliParts } from '../parts.ts';
import { addPage, type PageParts } from './page-routes.ts';

/** The page and nothing else, until the command is asked to stop. Prints its address, and opens nothing by itself. */
export async function servePageOf(
  { clock, stdout, signal }: CliParts,
  parts: Omit<PageParts, 'host'>,
  listen: { readonly host: string; readonly port: number },
): Promise<void> {
  const { host } = listen;
  const app = addPage(new Hono(), { ...parts, host });
  app.notFound((c) => {
    const allow = otherMethods(app, c);
    return allow === undefined ? c.text('not found\n', 404) : c.text('method not allowed\n', 405, { allow });
  });
  app.onError((error, c) => c.text(`${error instanceof StoreError ? error.message : 'failed'}\n`, 500));
  const listening = await serveListen(app, listen, clock);
  const shown = host.includes(':') ? `[${host}]` : host;
  stdout.write(`http://${shown}:${listening.port}/  (Ctrl-C to stop)\n`);
  await stopped(signal);
  await listening.close();
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
