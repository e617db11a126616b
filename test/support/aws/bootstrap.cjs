/**
 * Runs a packaged handler as Lambda's Node runtime does, over the Runtime API:
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The test's Runtime API also says how far its clock is
 * ahead, so that a day passes between two invocations without anybody waiting. It loads no more than AWS's own client does
 * (aws-lambda-ric): `import` in place of `require` would load half as many parts of Node again, and make "empty" too slow.
 */
const http = require('node:http');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const realNow = Date.now.bind(Date);
let aheadMs = 0;
Date.now = () => realNow() + aheadMs;

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: `/2018-06-01/runtime${path}` }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (part) => (text += part))
        .on('end', () => resolve({ headers: response.headers, text }));
    });
    request.on('error', reject).end(body);
  });
}

async function run() {
  const [file, name] = process.env._HANDLER.split('.');
  const loaded = await import(pathToFileURL(path.join(process.env.LAMBDA_TASK_ROOT, `${file}.mjs`)));
  for (;;) await serve(loaded[name]);
}

async function serve(handler) {
  const { headers, text } = await call('GET', '/invocation/next');
  const id = headers['lambda-runtime-aws-request-id'];
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  aheadMs = Number(headers['test-clock-ahead-ms'] ?? 0);
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - realNow() };
  try {
    const answer = await handler(JSON.parse(text), context);
    await call('POST', `/invocation/${id}/response`, JSON.stringify(answer ?? null));
  } catch (error) {
    const failure = { errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split('\n') };
    await call('POST', `/invocation/${id}/error`, JSON.stringify(failure));
  }
}

void run();
