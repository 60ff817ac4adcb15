import { Body, Controller, Delete, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ExecutionService } from 'nestjs-js-runtime';
import { ApiProblemResponses } from '../problems/api-problem-responses.decorator.ts';
import { EXECUTION_PROBLEMS, LOOK_UP_PROBLEMS } from '../problems/documented-problems.ts';
import { ClientSignal } from '../requests/client-signal.decorator.ts';
import { executionRequest, type ExecutionRequest } from './execution-request.ts';
import { executionResponse, toResponse, type ExecutionResponse } from './execution-response.ts';

@ApiTags('executions')
@ApiBearerAuth()
@Controller('v1/executions')
export class ExecutionsController {
  constructor(private readonly executions: ExecutionService) {}

  @ApiOperation({
    summary: "Runs a script for the caller's tenant",
    description: 'A client that closes its connection before it has the answer cancels the execution.',
  })
  @ApiOkResponse({ standardSchema: executionResponse })
  @ApiProblemResponses(EXECUTION_PROBLEMS)
  @HttpCode(200)
  @Post()
  async execute(
    @Body({ schema: executionRequest }) request: ExecutionRequest,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ExecutionResponse> {
    const { script, ...options } = request;
    return toResponse(await this.executions.execute(script, { ...options, signal }));
  }

  @ApiOperation({
    summary: "Cancels an execution of the caller's tenant that waits or runs",
    description: 'Whoever waits for the execution gets 499 `CANCELLED`.',
  })
  @ApiNoContentResponse({ description: 'It was cancelled' })
  @ApiProblemResponses(LOOK_UP_PROBLEMS)
  @HttpCode(204)
  @Delete(':executionId')
  cancel(@Param('executionId') executionId: string): void {
    if (this.executions.cancel(executionId)) return;
    // Also for those of other tenants: that they exist is nobody else's business.
    throw new NotFoundException('No execution of this id waits or runs');
  }
}
