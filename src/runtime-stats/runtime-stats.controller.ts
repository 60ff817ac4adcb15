import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  ERROR_CODES,
  ExecutionService,
  TenantUsageService,
  VmPoolService,
  type RuntimeMetrics,
  type VmInfo,
} from 'nestjs-js-runtime';
import { z } from 'zod';
import { AdminRoutes } from '../admin/admin-routes.decorator.ts';
import { ApiProblemResponses } from '../problems/api-problem-responses.decorator.ts';
import { topTenants, type TenantShare } from './top-tenants.ts';

const statsQuery = z.strictObject({
  top: z.coerce.number().int().min(1).max(100).default(10).describe('how many tenants, by CPU time'),
});

export interface RuntimeStats {
  readonly runtime: RuntimeMetrics;
  readonly vms: readonly VmInfo[];
  readonly topTenants: readonly TenantShare[];
}

const { UNAUTHENTICATED, INVALID_REQUEST } = ERROR_CODES;

@ApiTags('operations')
@AdminRoutes()
@Controller('v1/runtime')
export class RuntimeStatsController {
  constructor(
    private readonly executions: ExecutionService,
    private readonly pool: VmPoolService,
    private readonly tenantUsage: TenantUsageService,
  ) {}

  @ApiOperation({
    summary: 'What the runtime has counted since its start, its VMs, and the tenants that have used most CPU time',
    description: 'Needs the admin key. Without ADMIN_KEY there is no such route.',
  })
  @ApiOkResponse({ content: { 'application/json': { schema: { type: 'object' } } } })
  @ApiProblemResponses({ UNAUTHENTICATED, INVALID_REQUEST, NOT_FOUND: { status: 404 } })
  @Get('stats')
  stats(@Query({ schema: statsQuery }) { top }: z.infer<typeof statsQuery>): RuntimeStats {
    return {
      runtime: this.executions.metrics(),
      vms: this.pool.vms(),
      topTenants: topTenants(this.tenantUsage.all(), top),
    };
  }
}
