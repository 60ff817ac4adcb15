import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { JsRuntimeHealthIndicator } from 'nestjs-js-runtime';
import { Public } from '../tenancy/public.decorator.ts';

@ApiTags('health')
@Public(true)
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly runtime: JsRuntimeHealthIndicator,
  ) {}

  /** Answers at all: the process is alive. Restart it when it does not. */
  @HealthCheck()
  @Get('live')
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** A script could be run now. Send no traffic while this says 503. */
  @HealthCheck()
  @Get('ready')
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.runtime.isReady()]);
  }
}
