import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { sendProblem } from '../problems/send-problem.ts';
import { toProblem } from '../problems/to-problem.ts';
import { tenantIdOf } from './api-key.ts';
import { TenantDirectory } from './tenant-directory.ts';

/**
 * Reads no body of somebody unknown. Nest's guards come after the body was read and parsed, which for the largest takes
 * a tenth of a second: time that everybody else would wait.
 */
@Injectable()
export class BodyGuard {
  constructor({ httpAdapter }: HttpAdapterHost<FastifyAdapter>, directory: TenantDirectory) {
    httpAdapter.getInstance().addHook('onRequest', (request, reply, done) => {
      const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
      if (length === '0' && encoding === undefined) {
        done();
        return;
      }
      try {
        tenantIdOf(request, directory);
        done();
      } catch (error) {
        sendProblem(reply, toProblem(error));
      }
    });
  }
}
