import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { TenancyService } from 'nestjs-js-runtime';
import { tenantIdOf } from './api-key.ts';
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
    const tenantId = tenantIdOf(request, this.directory);
    this.tenancy.enter({ tenant: { id: tenantId }, request: { id: request.id } });
    return true;
  }
}
