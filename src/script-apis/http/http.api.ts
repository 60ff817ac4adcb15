import { ScriptApi, ScriptMethod, type ScriptCall } from 'nestjs-js-runtime';
import { fetchInput, fetchOutput, type FetchInput } from './fetch-schema.ts';
import { HttpClient } from './http-client.ts';
import { HTTP_LIMITS } from './http-limits.ts';
import type { HttpResponse } from './http-message.ts';
import { httpRequest } from './http-request.ts';
import { TenantHttpRules } from './tenant-http-rules.ts';

/** More than a script can ask for, so that it is told of its own time. */
const TIMEOUT_MS = HTTP_LIMITS.maxTimeoutMs + 1000;

/** Lets scripts send requests to where the rules of their tenant allow. */
@ScriptApi('http', { description: "HTTP requests to hosts that the tenant's rules allow" })
export class HttpApi {
  constructor(
    private readonly client: HttpClient,
    private readonly rules: TenantHttpRules,
  ) {}

  @ScriptMethod({
    description:
      'Sends a request and follows up to 5 redirects. A response of any status is an answer; what is no UTF-8 in its body becomes U+FFFD.',
    input: fetchInput,
    output: fetchOutput,
    // More than all headers that there may be, with the rest: what is wrong with each takes the backend's time.
    maxArgumentValues: 200,
    timeoutMs: TIMEOUT_MS,
    body: true,
  })
  async fetch([url, { timeoutMs, ...options }]: FetchInput, call: ScriptCall): Promise<HttpResponse> {
    const maxResponseBytes = Math.min(call.maxResultBytes, HTTP_LIMITS.maxResponseBytes);
    const limits = { signal: call.signal, timeoutMs, maxResponseBytes };
    return this.client.fetch(url, httpRequest(options), this.rules.for(call.tenant.id), limits);
  }
}
