import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { JsRuntimeError } from 'nestjs-js-runtime';
import { bearerOf } from '../requests/bearer.ts';

/** One key of those who operate the backend; never a tenant's. */
export class OperatorKey {
  readonly #digest: Buffer;

  constructor(
    key: string,
    /** The environment variable that it comes from. */
    private readonly variable: string,
  ) {
    this.#digest = digest(key);
  }

  /** @throws JsRuntimeError UNAUTHENTICATED for a request that does not carry it */
  assertCarriedBy(request: Pick<FastifyRequest, 'headers'>): void {
    const given = bearerOf(request);
    // By digest, so that the time of the comparison tells nothing about the key.
    if (given !== undefined && timingSafeEqual(digest(given), this.#digest)) return;
    const problem = given === undefined ? 'Send' : 'That is not the key of an operator. Send';
    throw new JsRuntimeError('UNAUTHENTICATED', `${problem} "Authorization: Bearer <${this.variable}>"`);
  }
}

function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
