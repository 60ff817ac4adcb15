import { HttpClient } from '../../src/script-apis/http/http-client.ts';
import type { HttpRequest, HttpResponse } from '../../src/script-apis/http/http-message.ts';
import { HttpRules, type HttpRulesSource } from '../../src/script-apis/http/http-rules.ts';
import { FixedResolver } from './fixed-resolver.ts';

export interface FetcherOptions extends Partial<HttpRulesSource> {
  /** The answers of hosts, one after the other. */
  readonly dns?: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly ca?: string;
}

export interface Fetch extends Partial<HttpRequest> {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
}

/** A client with the rules of one tenant. */
export class HttpFetcher {
  readonly resolver: FixedResolver;
  readonly client: HttpClient;
  readonly #rules: HttpRules;

  constructor({ allow = [], block = [], dns = {}, ca }: FetcherOptions) {
    this.resolver = new FixedResolver(dns);
    this.client = new HttpClient(this.resolver, ca);
    this.#rules = new HttpRules({ allow, block });
  }

  /** With as much time as a test has. */
  fetch(url: string, options: Fetch = {}): Promise<HttpResponse> {
    const { method = 'GET', headers = new Map(), body } = options;
    const { signal = new AbortController().signal, timeoutMs = 60_000, maxResponseBytes = 1_000_000 } = options;
    return this.client.fetch(url, { method, headers, body }, this.#rules, { signal, timeoutMs, maxResponseBytes });
  }
}
