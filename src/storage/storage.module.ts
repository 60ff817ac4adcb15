import { Logger, Module } from '@nestjs/common';
import { ConfigModule, type ConfigType } from '@nestjs/config';
import { backendConfig } from '../config/backend.config.ts';
import { memoryStorage } from './memory-storage.ts';
import { redisStorage } from './redis-storage.ts';
import { Storage } from './storage.ts';

@Module({
  imports: [ConfigModule.forFeature(backendConfig)],
  providers: [
    {
      provide: Storage,
      inject: [backendConfig.KEY],
      useFactory: ({ storageUrl }: ConfigType<typeof backendConfig>): Storage =>
        storageUrl === undefined ? memoryStorage() : redisStorage(storageUrl, new Logger(Storage.name)),
    },
  ],
  exports: [Storage],
})
export class StorageModule {}
