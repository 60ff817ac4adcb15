import { Global, Module } from '@nestjs/common';
import { ConfigModule, type ConfigType } from '@nestjs/config';
import { logConfig } from '../config/log.config.ts';
import { rootLogger } from '../logging/root-logger.ts';
import { ScriptLog } from './script-log.ts';

/** Global for the ScriptLogSink, which is a provider of JsRuntimeModule's. */
@Global()
@Module({
  imports: [ConfigModule.forFeature(logConfig)],
  providers: [
    {
      provide: ScriptLog,
      inject: [logConfig.KEY],
      useFactory: (config: ConfigType<typeof logConfig>): ScriptLog => new ScriptLog(rootLogger(), config),
    },
  ],
  exports: [ScriptLog],
})
export class ScriptLogsModule {}
