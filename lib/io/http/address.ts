export type Address =
  | { readonly ok: true; readonly url: URL }
  /** Says what is wrong without quoting the address, which is a secret. */
  | { readonly ok: false; readonly problem: string };

/**
 * An address that messages may go to: https, or http where it is allowed; no name and password in it, since Node's own
 * error would quote them. Private addresses are the operator's choice.
 */
export function readAddress(text: string, httpAllowed: boolean): Address {
  if (!URL.canParse(text)) return { ok: false, problem: 'it is not a URL' };
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { ok: false, problem: 'it must start with https:// (no other scheme is sent to)' };
  }
  if (url.protocol === 'http:' && !httpAllowed) {
    return { ok: false, problem: 'it is plain http; write `insecure: true` beside it to allow that' };
  }
  if (url.username !== '' || url.password !== '') {
    return { ok: false, problem: 'it holds a user name or password before the host; put them in a header' };
  }
  return { ok: true, url };
}

/** All of an address that may be shown: scheme, host and port. */
export function originOf(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : 'an address that is not a URL';
}
