import { Module } from '@nestjs/common';
import { ExecutionsController } from './executions.controller.ts';

@Module({ controllers: [ExecutionsController] })
export class ExecutionsModule {}
