const KIB = 1024;
const MIB = 1024 * KIB;

/** What one call of `http.fetch` may take. Where the call itself allows less, that counts. */
export const HTTP_LIMITS = {
  maxUrlLength: 8 * KIB,
  /** Of the request's body, in bytes of UTF-8. */
  maxRequestBytes: MIB,
  maxRequestHeaders: 64,
  /** Names and values of the request's headers together. */
  maxRequestHeaderBytes: 16 * KIB,
  /** Of the response's body, as it comes: it is never compressed. */
  maxResponseBytes: 5 * MIB,
  /** Names and values of one response's headers together; also of trailers, and of each interim response. */
  maxResponseHeaderBytes: 16 * KIB,
  maxRedirects: 5,
  /** For the whole call, redirects included, unless the script says otherwise. */
  defaultTimeoutMs: 10_000,
  maxTimeoutMs: 30_000,
  /** For one connection, TLS included. */
  connectTimeoutMs: 5000,
  /** How many addresses of a host are tried. */
  maxAddresses: 6,
} as const;
