import { Inject, Injectable, NotFoundException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import { backendConfig } from '../config/backend.config.ts';
import { OperatorKey } from './operator-key.ts';

/** Lets in who has the admin key. Where there is none, what it guards is not there. */
@Injectable()
export class AdminGuard implements CanActivate {
  readonly #key: OperatorKey | undefined;

  constructor(@Inject(backendConfig.KEY) { adminKey }: ConfigType<typeof backendConfig>) {
    if (adminKey !== undefined) this.#key = new OperatorKey(adminKey, 'ADMIN_KEY');
  }

  canActivate(context: ExecutionContext): boolean {
    if (!this.#key) throw new NotFoundException('There is no such route while ADMIN_KEY is not set');
    this.#key.assertCarriedBy(context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }
}
