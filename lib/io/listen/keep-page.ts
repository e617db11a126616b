import { createHash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { html, raw } from 'hono/html';
import {
  isExpired,
  type Keeping,
  type KeepLink,
  type KeptPool,
  readKeepLink,
} from '../../decide/announcing/keep-link.ts';
import { tellTime } from '../../decide/messages/message.ts';
import { SecretError, StoreError } from '../../errors.ts';
import { printable } from '../../model/printable.ts';
import { counted } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Clock } from '../clock.ts';
import type { TellTrouble } from '../event-log.ts';
import type { Quota } from '../quota.ts';
import type { Secret } from '../secrets/secret.ts';
import { isLinkSigned } from '../signing.ts';
import { type Bodies, makeBodies } from './bodies.ts';
import { signingProblem } from './event-source.ts';

export type KeepPageParts = {
  readonly clock: Clock;
  /** The signing secrets of links, newest first; none = no links. Rejects if they cannot be read. */
  readonly secrets: () => Promise<readonly Secret[]>;
  /** Reads only. */
  readonly look: (link: KeepLink) => Promise<Keeping>;
  readonly keep: (link: KeepLink) => Promise<Keeping>;
  readonly quota: Quota;
  /** The zone in which people read times. */
  readonly zone: () => string;
  readonly hasSeveralRegions: () => boolean;
  /** Removes secrets from a text. */
  readonly clean: (text: string) => string;
  /** Called with the reason when a link was refused or could not be answered. */
  readonly tell?: TellTrouble | undefined;
};

/** The form's only field: a POST without it is not from our page. */
const confirmation = 'keep=yes';

/**
 * GET and HEAD /keep/<link> show what would be kept and change nothing, since chats and scanners fetch links. Only the
 * form's POST keeps pools up. The link is its own permission: no login, on any host name or through any proxy; a wrong
 * signature gets no information. Works without scripts.
 */
export function addKeepPage(app: Hono, parts: KeepPageParts): Hono {
  const bodies = makeBodies({ each: 1024, together: 64 * 1024 });
  // A proxy may pass on the path prefix of `links.url`.
  for (const path of ['/keep/:link', '/:prefix{.+}/keep/:link']) {
    app.get(path, (c) => guarded(c, parts, (link) => parts.look(link)));
    app.post(path, (c) => guarded(c, parts, (link) => kept(c, parts, bodies, link)));
  }
  return app;
}

async function kept(c: Context, parts: KeepPageParts, bodies: Bodies, link: KeepLink): Promise<Keeping> {
  const { body, done } = await bodies.read(c.req.raw);
  done();
  const isConfirmed = typeof body !== 'string' && new TextDecoder().decode(body).trim() === confirmation;
  return isConfirmed ? parts.keep(link) : parts.look(link);
}

async function guarded(
  c: Context,
  parts: KeepPageParts,
  work: (link: KeepLink) => Promise<Keeping>,
): Promise<Response> {
  let source: string | undefined;
  try {
    const link = await linkOf(c.req.param('link') ?? '', parts);
    if (link === undefined) {
      parts.tell?.({ what: 'link not valid', source, reason: 'none of the secrets of links signed it' });
      return await answer(c, parts, 404, gone('this link is not valid: it, or its secret, was changed'));
    }
    source = link.destination;
    if (isExpired(link, parts.clock.now())) return await answer(c, parts, 410, gone('this link has expired'));
    if (!parts.quota.take(`link of ${link.destination}`)) {
      parts.tell?.({ what: 'link not answered', source, reason: tooMany });
      c.header('retry-after', '10');
      return await answer(c, parts, 429, gone(tooMany));
    }
    const keeping = await work(link);
    return await answer(c, parts, keeping.kind === 'gone' ? 410 : 200, keeping);
  } catch (error) {
    const isOurs = error instanceof SecretError || error instanceof StoreError;
    parts.tell?.({ what: 'link not answered', source, reason: isOurs ? error.message : 'an unexpected error' });
    if (!isOurs) throw error;
    c.header('retry-after', '5');
    return answer(c, parts, 503, gone('the store could not be reached: try again'));
  }
}

const tooMany = 'too many requests: try again in ten seconds';

function gone(why: string): Keeping {
  return { kind: 'gone', why };
}

/**
 * A link must be signed with one of the secrets; otherwise nothing is looked up. Throws for a secret that cannot sign.
 */
async function linkOf(written: string, { secrets }: KeepPageParts): Promise<KeepLink | undefined> {
  if (written.length > 300) return undefined;
  // Chats and people that copy a link take the end of the sentence with it; a link ends with a letter, a digit, - or _.
  const text = written.replace(/[.,;:!?'")\]>*…]{1,4}$/u, '');
  const dot = text.lastIndexOf('.');
  const signing = await secrets();
  for (const secret of signing) {
    const problem = signingProblem('links', secret);
    if (problem !== undefined) throw new SecretError(problem, 'links.secret');
  }
  const isSigned = isLinkSigned(text.slice(0, dot), text.slice(dot + 1), signing);
  return isSigned ? readKeepLink(text.slice(0, dot)) : undefined;
}

const css = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.3rem}li{margin:.2rem 0}small{opacity:.75}button{font:inherit;padding:.5rem 1rem}
@media print{form{display:none}body{margin:0}}`;
const style = createHash('sha256').update(css).digest('base64');

/** Headers of every page for people; `sources`: what a page may load, as its content security policy. */
export function pageHeaders(sources: readonly string[]): { readonly [name: string]: string } {
  const none = ["default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"];
  return {
    'content-security-policy': [...none, ...sources].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'x-robots-tag': 'noindex, nofollow',
    'cache-control': 'no-store',
  };
}

const headers = pageHeaders([`style-src 'sha256-${style}'`]);

async function answer(
  c: Context,
  parts: KeepPageParts,
  status: 200 | 404 | 410 | 429 | 503,
  keeping: Keeping,
): Promise<Response> {
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  return c.html(await render(keeping, parts), status);
}

type Html = ReturnType<typeof html>;

function render(keeping: Keeping, parts: KeepPageParts): Html {
  const style = html`<style>${raw(css)}</style>`;
  const [title, main] = keeping.kind === 'gone' ? goneParts(keeping.why) : openParts(keeping, parts);
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${style}</head><body><main><h1>${title}</h1>${main}</main></body></html>`;
}

function goneParts(why: string): readonly [string, Html] {
  return [
    'Nothing is kept',
    html`<p>Nothing was changed: ${why}.</p><p>To keep a pool up all the same, run <code>lamplighter scale &lt;cluster/pool&gt; --at-least &lt;nodes&gt; --for 2h</code>.</p>`,
  ];
}

function openParts(keeping: Extract<Keeping, { pools: unknown }>, parts: KeepPageParts): readonly [string, Html] {
  const { kind, boundary, until, destination, pools } = keeping;
  const zone = parts.zone();
  const can = pools.filter(({ atLeast }) => atLeast !== undefined);
  const list = html`<ul>${pools.map((pool) => rowOf(pool, until, parts))}</ul>`;
  const by = html`<p><small>Announced in ${parts.clean(printable(destination))} for ${tellTime(boundary, zone)}.</small></p>`;
  if (kind === 'kept') {
    const title = can.length === 0 ? 'Nothing is kept' : `${counted(can.length, 'pool')} kept up`;
    return [title, html`<p>Until ${tellTime(until, zone)}:</p>${list}${by}`];
  }
  const form =
    can.length === 0
      ? html`<p>None of them can be kept.</p>`
      : html`<form method="post"><button name="keep" value="yes">Keep ${counted(can.length, 'pool')} up</button></form>`;
  return [
    'Keep these pools up?',
    html`<p>Until ${tellTime(until, zone)}. Nothing is changed before you confirm.</p>${list}${form}${by}`,
  ];
}

function rowOf({ region, cluster, pool, atLeast, until, note }: KeptPool, asked: EpochMs, parts: KeepPageParts): Html {
  const say = (text: string) => parts.clean(printable(text));
  const label = say(`${parts.hasSeveralRegions() ? `${region}:` : ''}${cluster}/${pool}`);
  const what = atLeast === undefined ? 'not kept' : `at least ${counted(atLeast, 'node')}`;
  const own = until !== asked && atLeast !== undefined ? `, until ${tellTime(until, parts.zone())}` : '';
  return html`<li><b>${label}</b>: ${what}${own}${note === undefined ? '' : html` <small>(${say(note)})</small>`}</li>`;
}
