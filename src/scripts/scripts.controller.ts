import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CompilerService, DEFAULT_SCRIPT_NAME } from 'nestjs-js-runtime';
import { ApiProblemResponses } from '../problems/api-problem-responses.decorator.ts';
import { COMPILATION_PROBLEMS } from '../problems/documented-problems.ts';
import { ClientSignal } from '../requests/client-signal.decorator.ts';
import { validationRequest, type ValidationRequest } from './validation-request.ts';
import { toValidationResponse, validationResponse, type ValidationResponse } from './validation-response.ts';

@ApiTags('scripts')
@ApiBearerAuth()
@Controller('v1/scripts')
export class ScriptsController {
  constructor(private readonly compiler: CompilerService) {}

  @ApiOperation({
    summary: "Compiles a script for the caller's tenant, with all that it imports, and does not run it",
    description: 'A client that closes its connection before it has the answer cancels the compilation.',
  })
  @ApiOkResponse({ standardSchema: validationResponse, description: 'It compiles' })
  @ApiProblemResponses(COMPILATION_PROBLEMS)
  @HttpCode(200)
  @Post('validate')
  async validate(
    @Body({ schema: validationRequest }) request: ValidationRequest,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ValidationResponse> {
    const { script, name = DEFAULT_SCRIPT_NAME, ...options } = request;
    return toValidationResponse(await this.compiler.compile(name, script, { ...options, signal }));
  }
}
