import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ExecutionService } from 'nestjs-js-runtime';
import { ApiProblemResponses } from '../problems/api-problem-responses.decorator.ts';
import { executionRequest, type ExecutionRequest } from './execution-request.ts';
import { executionResponse, toResponse, type ExecutionResponse } from './execution-response.ts';

@ApiTags('executions')
@ApiBearerAuth()
@Controller('v1/executions')
export class ExecutionsController {
  constructor(private readonly executions: ExecutionService) {}

  @ApiOperation({ summary: "Runs a script for the caller's tenant" })
  @ApiOkResponse({ standardSchema: executionResponse })
  @ApiProblemResponses()
  @HttpCode(200)
  @Post()
  async execute(@Body({ schema: executionRequest }) request: ExecutionRequest): Promise<ExecutionResponse> {
    const { script, ...options } = request;
    return toResponse(await this.executions.execute(script, options));
  }
}
