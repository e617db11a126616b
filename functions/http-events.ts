import { handle } from 'hono/aws-lambda';
import { SecretError } from '../lib/errors.ts';
import { secretProblem } from '../lib/io/listen/event-source.ts';
import { makeListenApp } from '../lib/io/listen/routes.ts';
import { makeQuota, type Quota } from '../lib/io/quota.ts';
import type { Secret } from '../lib/io/secrets/secret.ts';
import { makeReplays } from '../lib/jobs/accept/replays.ts';
import type { EventSourceConfig } from '../lib/model/config.ts';
import { wakeBy } from './aws-events.ts';
import type { Container } from './container.ts';
import { troublesOf } from './event-troubles.ts';

/** A quota counts for as long as its container lives. */
const quotas = new WeakMap<Container, Quota>();

/** The same answers as `--listen` gives, behind a function URL. Nothing unsigned is taken: the address is public. */
export async function answerRequest(container: Container, event: unknown): Promise<unknown> {
  const { app, config, invoke } = container;
  const { clock, store } = app.parts;
  const { tell } = troublesOf(container);
  const quota = quotas.get(container) ?? makeQuota(clock);
  quotas.set(container, quota);
  const listening = makeListenApp({
    clock,
    sources: () => config.events,
    secretsOf: (source) => readSecrets(container, source),
    // Two writes of one item each: a transaction of DynamoDB costs twice as much as they do.
    accept: (source, events) => app.accept(config, source, events, wakeBy(invoke), { tell }),
    replays: makeReplays({ store, clock }),
    quota,
    takesUnsigned: false,
    tell,
    isHealthy: () => true,
    readiness: async () => ({ isReady: true, text: 'ready' }),
    ...(config.links && { keepPage: app.keepPage(() => config, wakeBy(invoke), quota) }),
  });
  return handle(listening)(event as Parameters<ReturnType<typeof handle>>[0]);
}

/** A secret that is too weak for signing is not accepted. */
async function readSecrets({ app }: Container, source: EventSourceConfig): Promise<readonly Secret[]> {
  const secrets = await Promise.all(source.secrets.map((ref) => app.parts.secrets.read(ref, 'secret')));
  for (const secret of secrets) {
    const problem = secretProblem(source, secret);
    if (problem !== undefined) throw new SecretError(problem, `events.${source.name}`);
  }
  return secrets;
}
