/**
 * What looks like a secret somebody pasted. None of these has any business in a config, not even in a comment, and
 * none is ever repeated in a message. Forms: MKS tokens are 64 hex characters; Standard Webhooks keys start with
 * whsec_ or whsk_ (standard-webhooks spec); chat webhooks carry their secret in the path (Slack, Discord, Mattermost)
 * or in `sig=` (Microsoft Teams); PagerDuty's integration keys are 32 letters and digits (Events API v2);
 * healthchecks.io pings are a UUID.
 * Each runs in time linear in the text: what may be long before the telling part is bounded, as real addresses are.
 */
const forms: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ['a Standard Webhooks key', /\bwhs(?:ec|k)_[A-Za-z0-9+/=_-]*/u],
  ['a Slack webhook address', /https?:\/\/hooks\.slack(?:-gov)?\.com\/[^\s"'#]*/iu],
  ['a Slack token', /\bxox[a-z]-[A-Za-z0-9-]+/u],
  ['a Discord webhook address', /https?:\/\/(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks\/[^\s"'#]*/iu],
  ['a Teams webhook address', /https?:\/\/[^\s"'#]{0,2000}?(?:[?&]sig=|\.webhook\.office\.com\/)[^\s"'#]*/iu],
  [
    'a Mattermost webhook address',
    /https?:\/\/[^\s"'#/]{1,255}\/(?:[^\s"'#]{0,300}\/)?hooks\/[a-z0-9]{20,}[^\s"'#]*/iu,
  ],
  ['a heartbeat address', /https?:\/\/hc-ping\.com\/[^\s"'#]*/iu],
  ['an address with a password', /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'#/@:]*:[^\s"'#/@]+@[^\s"'#]*/iu],
  ['an AWS access key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/u],
  ['a private key', /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/u],
  ['a token (64 hex characters)', /(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])/iu],
  [
    'a token (40 or more letters and digits)',
    /(?<![0-9A-Za-z_./-])(?=[a-z]*\d)(?=\d*[a-z])[0-9a-z]{40,}(?![0-9A-Za-z_./-])/iu,
  ],
  ['a key of 32 letters and digits', /(?<![0-9A-Za-z])(?=[a-z]*\d)(?=\d*[a-z])[0-9a-z]{32}(?![0-9A-Za-z])/iu],
];

const hidden = '(a secret, not shown)';
const anyForm = new RegExp(forms.map(([, pattern]) => pattern.source).join('|'), 'giu');

export type PastedSecret = { readonly what: string; readonly offset: number };

/** Every place of the text, comments included, that looks like a secret. */
export function findPastedSecrets(text: string): readonly PastedSecret[] {
  return [...text.matchAll(anyForm)].map((match) => ({ what: nameForm(match[0]), offset: match.index }));
}

function nameForm(found: string): string {
  return forms.find(([, pattern]) => pattern.test(found))?.[0] ?? 'a secret';
}

/** The text without anything that looks like a secret. */
export function redact(text: string): string {
  return hideLogins(text.replace(anyForm, hidden));
}

/** Of an address that somebody typed, with or without its scheme: user:password@, and what a query calls a secret. */
export function hideLogins(text: string): string {
  return text
    .replace(/(?<![^\s"'“(/=,])[^\s"'“/@:]{0,200}:[^\s"'“/@]{1,200}@(?=[^\s@])/gu, `${hidden}@`)
    .replace(/([?&][\w-]{0,30}(?:token|secret|key|sig|pass|password|auth)=)[^\s"'&#]+/giu, `$1${hidden}`);
}
