import type { FastifyRequest } from 'fastify';
import { JsRuntimeError } from 'nestjs-js-runtime';
import { bearerOf } from '../requests/bearer.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** The tenant whose API key a request carries. @throws JsRuntimeError UNAUTHENTICATED */
export function tenantIdOf(request: Pick<FastifyRequest, 'headers'>, directory: TenantDirectory): string {
  const key = bearerOf(request);
  const tenantId = key === undefined ? undefined : directory.findByKey(key);
  if (tenantId !== undefined) return tenantId;
  const problem = key === undefined ? 'Send an API key: "Authorization: Bearer <key>"' : 'The API key is not known';
  throw new JsRuntimeError('UNAUTHENTICATED', problem);
}
