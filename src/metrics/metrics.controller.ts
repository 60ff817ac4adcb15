import { Controller, Get, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ERROR_CODES } from 'nestjs-js-runtime';
import { ApiProblemResponses } from '../problems/api-problem-responses.decorator.ts';
import { Public } from '../tenancy/public.decorator.ts';
import { MetricsGuard } from './metrics.guard.ts';
import { PrometheusService } from './prometheus.service.ts';

const { UNAUTHENTICATED } = ERROR_CODES;

@ApiTags('operations')
@Public(true)
@UseGuards(MetricsGuard)
@Controller('metrics')
export class MetricsController {
  constructor(private readonly prometheus: PrometheusService) {}

  @ApiOperation({
    summary: 'For Prometheus',
    description: 'With METRICS_KEY set, that key is needed as a bearer token.',
  })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  @ApiProblemResponses({ UNAUTHENTICATED })
  @Get()
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.type(this.prometheus.contentType);
    return this.prometheus.scrape();
  }
}
