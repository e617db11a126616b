/** The firewall's page instead of an answer; its support id is what the provider's help desk asks for. */
export type BlockPage = { readonly supportId: string | undefined };

/**
 * HTML is never an answer of this API, whatever its status: the web application firewall in front of the service sends
 * its block page with 200 as well (clouddocs.f5.com: "The requested URL was rejected"; cf-mkcli looks for that text).
 */
export function readBlockPage(contentType: string | null, body: string): BlockPage | undefined {
  const isHtml = /\b(text\/html|application\/xhtml)/i.test(contentType ?? '') || /^\s*</.test(body);
  if (!isHtml && !isRejection(body)) return undefined;
  const words = body.slice(0, 20_000).replaceAll(/<[^>]*>/g, ' ');
  return { supportId: /support\s+id(?:\s+is)?\s*:?\s*([\w-]{4,64})/i.exec(words)?.[1] };
}

/** Without the page's tags, where a proxy took them away; JSON that quotes the sentence is an answer of the service. */
function isRejection(body: string): boolean {
  return body.startsWith('The requested URL was rejected');
}
