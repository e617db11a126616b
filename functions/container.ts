import { readFileSync } from 'node:fs';
import { type App, makeApp, openSecrets } from '../lib/app.ts';
import { type LaidOutOffsets, useOffsets } from '../lib/decide/schedule/local-time.ts';
import { systemClock } from '../lib/io/clock.ts';
import { randomId } from '../lib/io/ids.ts';
import { type Invoke, makeLambdaInvoke } from '../lib/io/lambda-invoke.ts';
import type { Log, LogFields } from '../lib/io/log.ts';
import { type LogLevel, makeLog } from '../lib/io/log-lines.ts';
import { embeddedLine, type MetricValues } from '../lib/io/metric-names.ts';
import { makeRedactor } from '../lib/io/redact.ts';
import { type AwsSecrets, makeAwsSecrets, type ReadingAhead } from '../lib/io/secrets/aws-secret.ts';
import type { Environment } from '../lib/io/secrets/env-secret.ts';
import { makeDynamoClient } from '../lib/io/stores/dynamo-client.ts';
import { makeDynamoStore } from '../lib/io/stores/dynamodb.ts';
import { refusingNewer } from '../lib/io/stores/table-schema.ts';
import type { CompiledConfig } from '../lib/model/config.ts';

/** What a container builds at its first invocation and keeps for the next ones. */
export type Container = {
  readonly config: CompiledConfig;
  readonly app: App;
  readonly log: RequestLog;
  readonly invoke: Invoke;
  readonly report: (job: string, values: MetricValues) => void;
};

export type OpenContainer = () => Promise<Container>;

/** What an installation has its own: where its config lies, its environment, and where its lines go. */
type Surroundings = {
  readonly configAt: URL;
  readonly env: Environment;
  readonly write: (line: string) => void;
  readonly aws: AwsSecrets;
};

const aws = makeAwsSecrets(systemClock);

/** Once per container; what failed is tried again by the next invocation. */
export function makeOpenContainer(surroundings: Surroundings): OpenContainer {
  let opened: Promise<Container> | undefined;
  return () => {
    opened ??= open(surroundings).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

/** The config lies beside the bundle; everything else that differs between installations comes from the environment. */
export const openContainer = makeOpenContainer({
  configAt: new URL('./config.json', import.meta.url),
  env: process.env,
  write: (line) => void process.stdout.write(line),
  aws,
});

/**
 * For functions that call the API: the container is opened and the tokens are read while it starts, since that takes as
 * long as the rest of a start. What fails is done again by the first invocation, which says why.
 */
export function openedEarly(open: OpenContainer, { readAhead }: Pick<ReadingAhead, 'readAhead'> = aws): OpenContainer {
  const readTokens = ({ config }: Container) => {
    for (const { token } of config.regions) if (token.kind === 'awsSecret') readAhead(token.name);
  };
  void open().then(readTokens, () => undefined);
  return open;
}

async function open({ configAt, env, write, aws }: Surroundings): Promise<Container> {
  const text = readFileSync(configAt, 'utf8');
  const { offsets, ...config } = JSON.parse(text) as CompiledConfig & { readonly offsets?: LaidOutOffsets };
  if (offsets) useOffsets(offsets);
  if (config.store.kind !== 'dynamodb') throw new TypeError('the config was not built for functions');
  const [clock, newId, redactor] = [systemClock, randomId, makeRedactor()];
  const level = (env['LAMPLIGHTER_LOG_LEVEL'] ?? 'info') as LogLevel;
  const log = makeRequestLog(makeLog({ level, format: 'json', write, redactor, clock }));
  const { table } = config.store;
  const store = refusingNewer(makeDynamoStore({ client: makeDynamoClient(), table, newId, clock }), table);
  const secrets = openSecrets({ clock, redactor, log, env, aws });
  const installation = env['LAMPLIGHTER_INSTALLATION'] ?? 'lamplighter';
  const names = {
    'scale-pools': env['LAMPLIGHTER_SCALE_POOLS'] ?? `${installation}-scale-pools`,
    'watch-clusters': `${installation}-watch-clusters`,
    'deliver-alerts': env['LAMPLIGHTER_DELIVER_ALERTS'] ?? `${installation}-deliver-alerts`,
  };
  return {
    config,
    app: makeApp({ store, fetch, clock, newId, log, redactor, secrets, installation }),
    log,
    invoke: makeLambdaInvoke(names, log),
    report: (job, values) => write(`${embeddedLine({ installation, job, at: clock.now(), values })}\n`),
  };
}

export type RequestLog = Log & {
  /** From now on these fields are on every line, also of logs made from this one before. */
  readonly begin: (fields: LogFields) => void;
};

/** A process that serves one request at a time builds its parts once, and still names the request on every line. */
export function makeRequestLog(base: Log): RequestLog {
  let request: LogFields = {};
  const wrap = (own: LogFields): Log => {
    const all = (fields?: LogFields) => ({ ...request, ...own, ...fields });
    return {
      debug: (message, fields) => base.debug(message, all(fields)),
      info: (message, fields) => base.info(message, all(fields)),
      warn: (message, fields) => base.warn(message, all(fields)),
      error: (message, fields) => base.error(message, all(fields)),
      with: (fields) => wrap({ ...own, ...fields }),
    };
  };
  const begin = (fields: LogFields) => {
    request = fields;
  };
  return { ...wrap({}), begin };
}
