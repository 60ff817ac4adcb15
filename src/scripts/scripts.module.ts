import { Module } from '@nestjs/common';
import { ScriptsController } from './scripts.controller.ts';

@Module({ controllers: [ScriptsController] })
export class ScriptsModule {}
