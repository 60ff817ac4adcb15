import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { backendConfig } from '../config/backend.config.ts';
import { RuntimeStatsController } from './runtime-stats.controller.ts';

@Module({ imports: [ConfigModule.forFeature(backendConfig)], controllers: [RuntimeStatsController] })
export class RuntimeStatsModule {}
