export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export type HttpMethod = (typeof HTTP_METHODS)[number];

/** By name, in lower case. */
export type RequestHeaders = ReadonlyMap<string, string>;

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly headers: RequestHeaders;
  readonly body: Buffer | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the last request, after redirects. */
  readonly url: string;
  readonly redirected: boolean;
  /** As UTF-8; what is none became U+FFFD. */
  readonly body: string;
}
