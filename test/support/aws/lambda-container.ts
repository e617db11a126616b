import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../compile-cache.ts';

const bootstrap = fileURLToPath(new URL('./bootstrap.cjs', import.meta.url));

export type Ended =
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly message: string }
  /** The process ended before it answered. */
  | { readonly kind: 'killed' };

export type LambdaContainer = {
  /** One at a time; the process starts with the first and stays for the next. */
  readonly invoke: (event: unknown, aheadMs?: number) => Promise<Ended>;
  readonly kill: () => void;
  /** Ends the process and waits for it: the next invocation starts a new one. */
  readonly stop: () => Promise<void>;
  /** All that was printed. */
  readonly output: () => string;
  readonly close: () => Promise<void>;
};

export type ContainerOptions = {
  /** Where the package was unpacked. */
  readonly taskRoot: string;
  /** "dist/functions/scale-pools/index.handler". */
  readonly handler: string;
  readonly env: { readonly [name: string]: string };
  readonly timeoutMs: number;
  /** The script that asks the Runtime API for work: AWS's own client, say. Absent = ours, which knows the test's clock. */
  readonly client?: string | undefined;
};

type Waiting = { readonly event: unknown; readonly aheadMs: number; readonly end: (ended: Ended) => void };

/** A Runtime API and the process that asks it for work, as in one Lambda container. */
export async function openContainer(options: ContainerOptions): Promise<LambdaContainer> {
  let child: ChildProcess | undefined;
  let output = '';
  let current: Waiting | undefined;
  let asking: ServerResponse | undefined;
  let served = 0;

  const server = createServer((request, response) => void answer(request, response));
  const address = await listen(server);

  return {
    invoke: (event, aheadMs = 0) =>
      new Promise((end) => {
        current = { event, aheadMs, end };
        child ??= start();
        handOver();
      }),
    kill: () => child?.kill('SIGKILL'),
    output: () => output,
    stop,
    close: async () => {
      await stop();
      server.closeAllConnections();
      server.close();
    },
  };

  async function stop(): Promise<void> {
    const ended = child && once(child, 'exit');
    child?.kill('SIGKILL');
    await ended;
  }

  function start(): ChildProcess {
    const env = {
      PATH: process.env['PATH'] ?? '',
      ...compileCache,
      AWS_LAMBDA_RUNTIME_API: address,
      LAMBDA_TASK_ROOT: options.taskRoot,
      _HANDLER: options.handler,
      AWS_LAMBDA_FUNCTION_NAME: 'tested',
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: 'tested',
      AWS_LAMBDA_LOG_STREAM_NAME: 'tested',
      ...options.env,
    };
    const process_ = spawn(process.execPath, [options.client ?? bootstrap, options.handler], {
      cwd: options.taskRoot,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [process_.stdout, process_.stderr]) stream.on('data', (part) => (output += String(part)));
    process_.on('exit', () => {
      [child, asking] = [undefined, undefined];
      finish({ kind: 'killed' });
    });
    return process_;
  }

  function handOver(): void {
    if (asking === undefined || current === undefined) return;
    served += 1;
    const headers = {
      // AWS's own client reads it without looking whether it is there.
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': `request-${served}`,
      'lambda-runtime-deadline-ms': String(Date.now() + options.timeoutMs),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:000000000000:function:tested',
      'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000',
      'test-clock-ahead-ms': String(current.aheadMs),
    };
    asking.writeHead(200, headers).end(JSON.stringify(current.event));
    asking = undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.endsWith('/invocation/next') === true) {
      asking = response;
      return handOver();
    }
    let text = '';
    for await (const part of request) text += String(part);
    response.writeHead(202).end();
    const body = JSON.parse(text) as { readonly errorMessage?: string };
    const isFailure = request.url?.endsWith('/error') === true;
    finish(isFailure ? { kind: 'failed', message: body.errorMessage ?? '' } : { kind: 'answered', answer: body });
  }

  function finish(ended: Ended): void {
    const waiting = current;
    current = undefined;
    waiting?.end(ended);
  }
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
