import { withoutRootDot } from '../../model/address.ts';

/** The server behind smtps://host[:465] or smtp://host[:587]; undefined = it is none. A name and password in it are refused: they have keys of their own. */
export function readMailServer(
  text: string,
): { readonly host: string; readonly port: number; readonly secure: boolean } | undefined {
  const url = URL.parse(withoutRootDot(text) ?? '');
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return undefined;
  if (url.username !== '' || url.password !== '' || !['', '/'].includes(url.pathname) || url.search !== '')
    return undefined;
  const secure = url.protocol === 'smtps:';
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || (secure ? 465 : 587)), secure };
}
