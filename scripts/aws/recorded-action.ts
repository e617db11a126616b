/** A request to an API of AWS, as it comes over HTTP. */
type SeenCall = {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly body: string;
};

/**
 * The action that a policy must allow for this call: "cloudformation:CreateChangeSet". Of services whose calls are paths
 * (S3, Lambda), those that a deployment makes; any other is shown as it is, which no policy allows.
 */
export function actionOf({ method, url, headers, body }: SeenCall): string {
  const [, service = 'unknown'] =
    /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//u.exec(String(headers['authorization'])) ?? [];
  const [path = '', query = ''] = url.split('?');
  if (service === 'lambda' || service === 's3')
    return `${service}:${byPath(service, method, path, query) ?? `${method} ${path}`}`;
  const target = String(headers['x-amz-target'] ?? '')
    .split('.')
    .at(-1);
  const [, named] = /(?:^|&)Action=(\w+)/u.exec(body) ?? [];
  return `${service}:${target || named || `${method} ${path}`}`;
}

function byPath(service: 'lambda' | 's3', method: string, path: string, query: string): string | undefined {
  if (service === 'lambda')
    return method === 'GET' && /^\/[\d-]+\/functions\/[^/]+$/u.test(path) ? 'GetFunction' : undefined;
  const isObject = /^\/[^/]+\/./u.test(path);
  if (isObject) return { PUT: 'PutObject', GET: 'GetObject', HEAD: 'GetObject', DELETE: 'DeleteObject' }[method];
  if (method === 'POST') return query.startsWith('delete') ? 'DeleteObject' : undefined;
  return method === 'HEAD' || query.includes('list-type=') ? 'ListBucket' : undefined;
}
