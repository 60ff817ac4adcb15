import type { FastifyRequest } from 'fastify';
import { JsRuntimeError } from 'nestjs-js-runtime';
import type { TenantDirectory } from './tenant-directory.ts';

/** The tenant whose API key a request carries. @throws JsRuntimeError UNAUTHENTICATED */
export function tenantIdOf({ headers }: Pick<FastifyRequest, 'headers'>, directory: TenantDirectory): string {
  const key = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const tenantId = key === undefined ? undefined : directory.findByKey(key);
  if (tenantId !== undefined) return tenantId;
  const problem = key === undefined ? 'Send an API key: "Authorization: Bearer <key>"' : 'The API key is not known';
  throw new JsRuntimeError('UNAUTHENTICATED', problem);
}
