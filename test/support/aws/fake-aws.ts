/**
 * One endpoint for all AWS calls of a function: DynamoDB is passed on to an emulator, Secrets Manager, SNS and Lambda are
 * answered here. Every call is recorded with the action that a role needs for it; the access key tells who called.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type AwsCall = {
  readonly who: string;
  readonly action: string;
  readonly resource: string;
  /** Of DynamoDB: the partition. */
  readonly partition?: string;
};

export type Invocation = { readonly name: string; readonly payload: unknown };

export type FakeAws = {
  readonly endpoint: string;
  readonly calls: AwsCall[];
  readonly invocations: Invocation[];
  /** Name → stage → text. May be changed at any time. */
  readonly secrets: { [name: string]: { AWSCURRENT?: string; AWSPREVIOUS?: string } };
  readonly close: () => Promise<void>;
};

export async function startFakeAws(dynamodb: string): Promise<FakeAws> {
  const state = { calls: [] as AwsCall[], invocations: [] as Invocation[], secrets: {} as FakeAws['secrets'] };
  const server = createServer((request, response) => void answer(state, dynamodb, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { ...state, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

type State = Pick<FakeAws, 'calls' | 'invocations' | 'secrets'>;
type Body = { readonly [name: string]: unknown };

async function answer(
  state: State,
  dynamodb: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const who = /Credential=([^/]+)\//u.exec(request.headers.authorization ?? '')?.[1] ?? 'nobody';
  // Who asks needs no permission, so it is no call that a policy must allow.
  if (text.startsWith('Action=GetCallerIdentity')) return answerCaller(who, response);
  if (text.startsWith('Action=Publish')) return answerPublish(state, who, new URLSearchParams(text), response);
  const body = (text === '' ? {} : JSON.parse(text)) as Body;
  const [service, operation] = String(request.headers['x-amz-target'] ?? '').split('.');
  if (service === 'secretsmanager') return answerSecret(state, who, body, response);
  const invoked = /\/functions\/([^/]+)\/invocations$/u.exec(request.url ?? '')?.[1];
  if (invoked !== undefined) {
    state.calls.push({ who, action: 'lambda:InvokeFunction', resource: invoked });
    state.invocations.push({ name: invoked, payload: body });
    return void response.writeHead(202).end();
  }
  for (const { action, partition } of dynamoActions(operation ?? '', body))
    state.calls.push({ who, action, resource: tableOf(body), partition });
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => /^(?:authorization|content-type|x-amz-.*)$/u.test(name)),
  ) as Record<string, string>;
  const passed = await fetch(dynamodb, { method: 'POST', headers, body: text });
  response.writeHead(passed.status, { 'content-type': 'application/x-amz-json-1.0' }).end(await passed.text());
}

/** A transaction needs the actions of its parts. */
function dynamoActions(
  operation: string,
  body: Body,
): readonly { readonly action: string; readonly partition: string }[] {
  if (operation !== 'TransactWriteItems') return [{ action: `dynamodb:${operation}`, partition: partitionOf(body) }];
  const items = body['TransactItems'] as readonly Body[];
  return items.flatMap((item) =>
    Object.entries(item).map(([name, inner]) => {
      return { action: `dynamodb:${name}Item`, partition: partitionOf(inner as Body) };
    }),
  );
}

type Values = { readonly [name: string]: { readonly S: string } };

function partitionOf(body: Body): string {
  const { Key, Item, ExpressionAttributeValues: values } = body as { readonly [name: string]: Values | undefined };
  return (Key ?? Item)?.['pk']?.S ?? values?.[':partition']?.S ?? '';
}

function tableOf(body: Body): string {
  const [first] = (body['TransactItems'] as readonly Body[] | undefined) ?? [];
  const inner = first ? (Object.values(first)[0] as Body) : body;
  return String(inner['TableName']);
}

function answerCaller(who: string, response: ServerResponse): void {
  const result = `<Arn>arn:aws:iam::111122223333:user/${who}</Arn><UserId>A</UserId><Account>111122223333</Account>`;
  response
    .writeHead(200, { 'content-type': 'text/xml' })
    .end(
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${result}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
    );
}

function answerPublish({ calls }: State, who: string, form: URLSearchParams, response: ServerResponse): void {
  calls.push({ who, action: 'sns:Publish', resource: form.get('TopicArn') ?? '' });
  response
    .writeHead(200, { 'content-type': 'text/xml' })
    .end(
      '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>',
    );
}

function answerSecret({ calls, secrets }: State, who: string, body: Body, response: ServerResponse): void {
  const name = String(body['SecretId']);
  const stage = (body['VersionStage'] ?? 'AWSCURRENT') as 'AWSCURRENT' | 'AWSPREVIOUS';
  calls.push({ who, action: 'secretsmanager:GetSecretValue', resource: name });
  const value = secrets[name]?.[stage];
  const answered =
    value === undefined
      ? { __type: 'ResourceNotFoundException', message: 'no such secret' }
      : { Name: name, SecretString: value, VersionStages: [stage] };
  response
    .writeHead(value === undefined ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
    .end(JSON.stringify(answered));
}
