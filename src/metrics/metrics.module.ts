import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { backendConfig } from '../config/backend.config.ts';
import { MetricsController } from './metrics.controller.ts';
import { PrometheusService } from './prometheus.service.ts';

@Module({
  imports: [ConfigModule.forFeature(backendConfig)],
  controllers: [MetricsController],
  providers: [PrometheusService],
})
export class MetricsModule {}
