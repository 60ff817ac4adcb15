import { Module } from '@nestjs/common';
import { ScriptApiTypingsController } from './script-api-typings.controller.ts';

@Module({ controllers: [ScriptApiTypingsController] })
export class ScriptApiTypingsModule {}
