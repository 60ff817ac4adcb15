import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult, type HealthIndicatorResult } from '@nestjs/terminus';
import { JsRuntimeHealthIndicator } from 'nestjs-js-runtime';
import { AdminRoutes } from '../admin/admin-routes.decorator.ts';
import { Public } from '../tenancy/public.decorator.ts';

@ApiTags('health')
@Public(true)
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly runtime: JsRuntimeHealthIndicator,
  ) {}

  /**
   * Answers at all: the process is alive. Restart it when it does not. Not by Terminus, which says 503 while the backend
   * drains: it would be killed with what it is waiting for.
   */
  @Get('live')
  live(): { status: 'ok'; details: HealthIndicatorResult } {
    return { status: 'ok', details: this.runtime.isLive() };
  }

  /** All VMs have been there. Ask nothing else of it before. */
  @HealthCheck()
  @Get('startup')
  startup(): Promise<HealthCheckResult> {
    return this.health.check([() => this.runtime.isStarted()]);
  }

  /** A script could be run now. Send no traffic while this says 503. */
  @HealthCheck()
  @Get('ready')
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.runtime.isReady()]);
  }

  /** Runs a script. For operators, with the admin key; as a probe it would be too much. */
  @HealthCheck()
  @AdminRoutes()
  @Get('deep')
  deep(): Promise<HealthCheckResult> {
    return this.health.check([async () => this.runtime.runsScripts()]);
  }
}
