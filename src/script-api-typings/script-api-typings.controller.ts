import { Controller, Get, Header, Headers, HttpStatus, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ERROR_CODES, ScriptApiTypings } from 'nestjs-js-runtime';
import { ApiProblemResponses } from '../problems/api-problem-responses.decorator.ts';
import { entityTagOf, isMatched } from './entity-tag.ts';

/** Registered for nothing else; compilers that import from URLs know it. */
const MEDIA_TYPE = 'application/typescript';

const { UNAUTHENTICATED } = ERROR_CODES;

@ApiTags('scripts')
@ApiBearerAuth()
@Controller('v1')
export class ScriptApiTypingsController {
  constructor(private readonly typings: ScriptApiTypings) {}

  @ApiOperation({
    summary: "Types of what scripts of the caller's tenant see, as a TypeScript declaration file",
    description:
      'For editors and compilers: `context`, `input`, `console`, timers, and each API that the tenant may call. ' +
      'Set `lib` to `esnext` and `types` to `[]` in the compiler options, so that scripts see nothing of a browser or of Node.',
  })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The `ETag` of what the caller has' })
  @ApiOkResponse({
    content: { [MEDIA_TYPE]: { schema: { type: 'string' } } },
    headers: { ETag: { schema: { type: 'string' } } },
  })
  @ApiResponse({ status: HttpStatus.NOT_MODIFIED, description: 'The caller has it' })
  @ApiProblemResponses({ UNAUTHENTICATED })
  @Header('cache-control', 'private, no-cache')
  @Header('vary', 'authorization')
  @Get('script-api.d.ts')
  async find(
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    const text = await this.typings.forCurrentTenant();
    const entityTag = entityTagOf(text);
    void reply.header('etag', entityTag);
    if (isMatched(ifNoneMatch, entityTag)) {
      void reply.status(HttpStatus.NOT_MODIFIED);
      return undefined;
    }
    void reply.type(`${MEDIA_TYPE}; charset=utf-8`);
    return text;
  }
}
