import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { html, raw } from 'hono/html';
import type { Assets } from './render-page.ts';

export type Asset = { readonly text: string; readonly hash: string };

/** Style and script stand beside this file; the build copies them beside the built one. */
export function readAsset(name: 'page.css' | 'page.js'): Asset {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  return { text, hash: createHash('sha256').update(text).digest('hex').slice(0, 16) };
}

/** Served pages link both, by their hash: what is cached is what belongs to the page. */
export function linkedAssets(css: Asset, js: Asset): Assets {
  return {
    isFile: false,
    head: html`<link rel="stylesheet" href="/page.css?${css.hash}"><script type="module" src="/page.js?${js.hash}"></script>`,
  };
}

/** A file holds both, and nothing else may run or be fetched. */
export function containedAssets(css: Asset, js: Asset): Assets {
  const source = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = `default-src 'none'; style-src ${source(css.text)}; script-src ${source(js.text)}; img-src data:; base-uri 'none'; form-action 'none'`;
  return {
    isFile: true,
    head: html`<meta http-equiv="Content-Security-Policy" content="${raw(policy)}"><style>${raw(css.text)}</style><script type="module">${raw(js.text)}</script>`,
  };
}
