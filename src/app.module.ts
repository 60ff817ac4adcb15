import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ClsModule } from 'nestjs-cls';
import { JsRuntimeModule, type JsRuntimeOptions } from 'nestjs-js-runtime';
import { ExecutionsModule } from './executions/executions.module.ts';
import { HealthModule } from './health/health.module.ts';
import { MetricsModule } from './metrics/metrics.module.ts';
import { LoggingModule } from './logging/logging.module.ts';
import { ProblemFilter } from './problems/problem.filter.ts';
import { RuntimeStatsModule } from './runtime-stats/runtime-stats.module.ts';
import { SavedModuleResolver } from './saved-modules/saved-module-resolver.ts';
import { SavedModulesModule } from './saved-modules/saved-modules.module.ts';
import { ScriptApiTypingsModule } from './script-api-typings/script-api-typings.module.ts';
import { ScriptApisModule } from './script-apis/script-apis.module.ts';
import { ScriptLogSink } from './script-logs/script-log-sink.ts';
import { ScriptLogsModule } from './script-logs/script-logs.module.ts';
import { ScriptsModule } from './scripts/scripts.module.ts';
import { ConnectionDrain } from './shutdown/connection-drain.ts';
import { SecondSignal } from './shutdown/second-signal.ts';
import { TenancyModule } from './tenancy/tenancy.module.ts';
import { SchemaValidationPipe } from './validation/schema-validation.pipe.ts';

/** What scripts may call, unless the environment says otherwise: each API has rules of its own for what that can do. */
const PERMISSIONS = ['kv:*', 'http:*'];

function runtimeOptions(environment: ConfigService): JsRuntimeOptions {
  return environment.get('JS_RUNTIME_PERMISSIONS') === undefined ? { permissions: PERMISSIONS } : {};
}

/** As Fastify has named the request; middlewares get Node's own object, with that id on it. */
function requestIdOf({ id }: { readonly id: string }): string {
  return id;
}

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, cache: true }),
    ClsModule.forRoot({ global: true, middleware: { mount: true, generateId: true, idGenerator: requestIdOf } }),
    // First: what refuses a request is to be logged too.
    LoggingModule,
    JsRuntimeModule.forRootAsync({
      inject: [ConfigService],
      useFactory: runtimeOptions,
      moduleResolver: SavedModuleResolver,
      consoleSink: ScriptLogSink,
    }),
    ScriptLogsModule,
    TenancyModule,
    ExecutionsModule,
    ScriptsModule,
    ScriptApiTypingsModule,
    SavedModulesModule,
    ScriptApisModule,
    HealthModule,
    MetricsModule,
    RuntimeStatsModule,
  ],
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useClass: SchemaValidationPipe },
    ConnectionDrain,
    SecondSignal,
  ],
})
export class AppModule {}
