import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { backendConfig } from '../config/backend.config.ts';
import { BodyGuard } from './body-guard.ts';
import { TenantDirectory } from './tenant-directory.ts';
import { TenantGuard } from './tenant.guard.ts';

@Module({
  imports: [ConfigModule.forFeature(backendConfig)],
  providers: [TenantDirectory, BodyGuard, { provide: APP_GUARD, useClass: TenantGuard }],
})
export class TenancyModule {}
