import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { backendConfig } from '../config/backend.config.ts';
import { StorageModule } from '../storage/storage.module.ts';
import { HttpApiModule } from './http/http-api.module.ts';
import { KvStore } from './kv/kv-store.ts';
import { KvApi } from './kv/kv.api.ts';

/** What scripts can call. */
@Module({
  imports: [ConfigModule.forFeature(backendConfig), StorageModule, HttpApiModule],
  providers: [KvStore, KvApi],
})
export class ScriptApisModule {}
