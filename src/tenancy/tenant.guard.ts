import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { JsRuntimeError, TenancyService } from 'nestjs-js-runtime';
import { Public } from './public.decorator.ts';
import { TenantDirectory } from './tenant-directory.ts';

/** Authenticates every request by its API key and enters the key's tenant. */
@Injectable()
export class TenantGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly directory: TenantDirectory,
    private readonly tenancy: TenancyService,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride(Public, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const tenantId = key === undefined ? undefined : this.directory.findByKey(key);
    if (tenantId === undefined) {
      const problem = key === undefined ? 'Send an API key: "Authorization: Bearer <key>"' : 'The API key is not known';
      throw new JsRuntimeError('UNAUTHENTICATED', problem);
    }
    this.tenancy.enter({ tenant: { id: tenantId }, request: { id: request.id } });
    return true;
  }
}
