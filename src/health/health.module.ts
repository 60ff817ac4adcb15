import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { TerminusModule } from '@nestjs/terminus';
import { backendConfig } from '../config/backend.config.ts';
import { HealthController } from './health.controller.ts';

@Module({
  // The log would repeat what the probe is told anyway.
  imports: [ConfigModule.forFeature(backendConfig), TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
})
export class HealthModule {}
