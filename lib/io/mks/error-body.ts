/** What an error answer says of itself. */
export type ErrorBody = {
  /** A gRPC code, 1 to 16; undefined = the body names none. https://grpc.io/docs/guides/status-codes/ */
  readonly code: number | undefined;
  readonly message: string;
};

/** The gateway's form is `{ "code": 9, "message": "…", "details": [] }`; a text alone is its own message. */
export function readErrorBody(text: string): ErrorBody {
  const body = parseObject(text);
  if (!body) return { code: undefined, message: text.trim() };
  const code = typeof body['code'] === 'number' && isGrpcCode(body['code']) ? body['code'] : undefined;
  const texts = [body['message'], body['error'], body['detail']];
  return { code, message: texts.find((each) => typeof each === 'string' && each !== '')?.toString() ?? '' };
}

function isGrpcCode(code: number): boolean {
  return Number.isInteger(code) && code >= 1 && code <= 16;
}

function parseObject(text: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as { readonly [key: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}
