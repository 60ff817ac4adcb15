import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpStatus,
  NotFoundException,
  Param,
  Put,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiProblemResponses } from '../problems/api-problem-responses.decorator.ts';
import { COMPILATION_PROBLEMS, LOOK_UP_PROBLEMS } from '../problems/documented-problems.ts';
import { BACKEND_PROBLEMS } from '../problems/problem-error.ts';
import { ClientSignal } from '../requests/client-signal.decorator.ts';
import { moduleName } from './module-name.ts';
import {
  moduleDescription,
  moduleList,
  moduleRequest,
  savedModule,
  type ModuleDescription,
  type ModuleList,
  type ModuleRequest,
  type SavedModule,
} from './saved-module.ts';
import { SavedModulesService } from './saved-modules.service.ts';

const { QUOTA_EXCEEDED, STORAGE_UNAVAILABLE } = BACKEND_PROBLEMS;
const { UNAUTHENTICATED, NOT_FOUND } = LOOK_UP_PROBLEMS;

@ApiTags('modules')
@ApiBearerAuth()
@Controller('v1/modules')
export class SavedModulesController {
  constructor(private readonly modules: SavedModulesService) {}

  @ApiOperation({
    summary: "Saves a module that scripts of the caller's tenant can import",
    description:
      'It has to compile; what it imports need not be there yet. Executions that begin later have this version.',
  })
  @ApiOkResponse({ standardSchema: moduleDescription, description: 'It replaced the one of this name' })
  @ApiCreatedResponse({ standardSchema: moduleDescription, description: 'There was none of this name' })
  @ApiProblemResponses({ ...COMPILATION_PROBLEMS, QUOTA_EXCEEDED })
  @Put(':name')
  async save(
    @Param('name', { schema: moduleName }) name: string,
    @Body({ schema: moduleRequest }) request: ModuleRequest,
    @ClientSignal() signal: AbortSignal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModuleDescription> {
    const { module, isNew } = await this.modules.save(name, request, signal);
    void reply.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    return module;
  }

  @ApiOperation({ summary: "Lists the saved modules of the caller's tenant" })
  @ApiOkResponse({ standardSchema: moduleList })
  @ApiProblemResponses({ UNAUTHENTICATED, STORAGE_UNAVAILABLE })
  @Get()
  async list(): Promise<ModuleList> {
    return { modules: [...(await this.modules.list())] };
  }

  @ApiOperation({ summary: "One saved module of the caller's tenant, with its source" })
  @ApiOkResponse({ standardSchema: savedModule })
  @ApiProblemResponses({ UNAUTHENTICATED, NOT_FOUND, STORAGE_UNAVAILABLE })
  @Get(':name')
  async find(@Param('name') name: string): Promise<SavedModule> {
    return (await this.modules.find(name)) ?? notFound();
  }

  @ApiOperation({ summary: "Deletes a saved module of the caller's tenant" })
  @ApiNoContentResponse({ description: 'It was deleted' })
  @ApiProblemResponses({ UNAUTHENTICATED, NOT_FOUND, STORAGE_UNAVAILABLE })
  @HttpCode(204)
  @Delete(':name')
  async delete(@Param('name') name: string): Promise<void> {
    if (!(await this.modules.delete(name))) notFound();
  }
}

/** Also for those of other tenants. */
function notFound(): never {
  throw new NotFoundException('No module of this name is saved');
}
