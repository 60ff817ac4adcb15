import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import { OperatorKey } from '../admin/operator-key.ts';
import { backendConfig } from '../config/backend.config.ts';

/** Lets everybody in, or, with METRICS_KEY, those who have it. */
@Injectable()
export class MetricsGuard implements CanActivate {
  readonly #key: OperatorKey | undefined;

  constructor(@Inject(backendConfig.KEY) { metricsKey }: ConfigType<typeof backendConfig>) {
    if (metricsKey !== undefined) this.#key = new OperatorKey(metricsKey, 'METRICS_KEY');
  }

  canActivate(context: ExecutionContext): boolean {
    this.#key?.assertCarriedBy(context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }
}
