import type { OnApplicationShutdown } from '@nestjs/common';
import { createSecureContext, type SecureContext } from 'node:tls';
import { exchange } from './exchange.ts';
import { explainFailure } from './explain-failure.ts';
import { findAddresses } from './find-addresses.ts';
import type { HostResolver } from './host-resolver.ts';
import { httpError } from './http-error.ts';
import { HTTP_LIMITS } from './http-limits.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';
import type { HttpRules } from './http-rules.ts';
import { parseTarget, type HttpTarget } from './http-target.ts';
import { openConnection } from './open-connection.ts';
import { isRedirect, redirected } from './redirect.ts';
import { responseHeaders } from './response-headers.ts';
import type { Received } from './response-reader.ts';

export interface FetchLimits {
  /** Ends the call with what it fires with. */
  readonly signal: AbortSignal;
  /** For the whole call, redirects included. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

/**
 * Sends the requests of tenants' scripts. Each goes through the tenant's rules, and so does each redirect: its URL, then the
 * addresses of its host, and only those are connected to. Connections are not kept.
 */
export class HttpClient implements OnApplicationShutdown {
  readonly #underWay = new Set<AbortController>();
  /** Made once: it takes longer than a connection. */
  readonly #trust: SecureContext;

  /** @param ca certificates to trust instead of those that Node trusts, as PEM */
  constructor(
    private readonly resolver: HostResolver,
    ca?: string,
  ) {
    this.#trust = createSecureContext({ ca });
  }

  /** @throws ScriptApiError with an {@link HttpErrorCode}; what the signal fired with */
  async fetch(url: string, request: HttpRequest, rules: HttpRules, limits: FetchLimits): Promise<HttpResponse> {
    const end = new AbortController();
    const timer = setTimeout(() => {
      end.abort(httpError('HTTP_TIMEOUT', `There was no complete response within ${limits.timeoutMs} ms`));
    }, limits.timeoutMs);
    this.#underWay.add(end);
    const signal = AbortSignal.any([limits.signal, end.signal]);
    try {
      return await this.#follow(url, request, rules, limits.maxResponseBytes, signal);
    } catch (error) {
      // What else fails when the signal fires, fails because of it.
      signal.throwIfAborted();
      throw explainFailure(error, limits.maxResponseBytes);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(end);
    }
  }

  /** Ends what is still under way: by then nobody waits for it. */
  onApplicationShutdown(): void {
    for (const end of this.#underWay) end.abort(httpError('HTTP_FAILED', 'The backend is shutting down'));
  }

  async #follow(
    url: string,
    first: HttpRequest,
    rules: HttpRules,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    let next = { target: parseTarget(url), request: first };
    for (let redirects = 0; redirects <= HTTP_LIMITS.maxRedirects; redirects++) {
      const { target, request } = next;
      const { status, headers: received, body } = await this.#send(target, request, rules, maxBytes, signal);
      const headers = responseHeaders(received);
      if (!isRedirect(status, headers.location)) {
        assertNotPacked(headers, body);
        return { status, headers, url: target.url.href, redirected: redirects > 0, body };
      }
      next = redirected(status, headers.location, target, request);
    }
    throw httpError('HTTP_TOO_MANY_REDIRECTS', `There were more than ${HTTP_LIMITS.maxRedirects} redirects`);
  }

  async #send(
    target: HttpTarget,
    request: HttpRequest,
    rules: HttpRules,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Received> {
    const addresses = await findAddresses(target, rules, this.resolver, signal);
    const socket = await openConnection(target, addresses, signal, this.#trust);
    return exchange(socket, target, request, maxBytes, ({ status, headers }) => !isRedirect(status, headers.location));
  }
}

function assertNotPacked({ 'content-encoding': encoding = 'identity' }: HttpResponse['headers'], body: string): void {
  if (body === '' || encoding.toLowerCase() === 'identity') return;
  throw httpError('HTTP_FAILED', 'The response is compressed, though it was asked not to be');
}
