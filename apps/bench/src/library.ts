import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClsModule } from 'nestjs-cls';
import {
  CompilerService,
  ExecutionService,
  JsRuntimeError,
  JsRuntimeModule,
  TenancyService,
  VmPoolService,
  type CompiledScript,
  type ErrorCode,
  type ExecuteOptions,
  type ExecutionResult,
  type JsRuntimeOptions,
  type PrepareOptions,
  type SetupFn,
} from 'nestjs-js-runtime';

/** A prepared function, called in the name of its tenant. */
export interface TenantFunction {
  invoke(input?: unknown): Promise<ExecutionResult>;
  dispose(): Promise<void>;
}

/** The library as an application uses it: built, with real VM processes. */
export interface Library {
  readonly pool: VmPoolService;
  readonly compiler: CompilerService;
  compileAs(tenantId: string, name: string, source: string): Promise<CompiledScript>;
  runAs(tenantId: string, script: string | CompiledScript, options?: ExecuteOptions): Promise<ExecutionResult>;
  runWithSetup(
    tenantId: string,
    script: string | CompiledScript,
    setup: SetupFn,
    options?: ExecuteOptions,
  ): Promise<ExecutionResult>;
  /** A function of the tenant's, to be called many times in a warm realm. */
  prepareAs(tenantId: string, source: string, options: PrepareOptions): Promise<TenantFunction>;
  /** One of the providers that it was given. */
  get<T>(provider: Type<T>): T;
  close(): Promise<void>;
}

/** @param providers for one, host APIs */
export async function startLibrary(
  options: JsRuntimeOptions,
  providers: readonly Type<unknown>[] = [],
): Promise<Library> {
  // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- Node runs this file as it is, without decorators
  class BenchModule {}
  const app = await NestFactory.createApplicationContext(
    {
      module: BenchModule,
      imports: [ClsModule.forRoot({ global: true }), JsRuntimeModule.forRoot(options)],
      providers: [...providers],
    },
    { logger: false },
  );
  const executions = app.get(ExecutionService);
  const tenancy = app.get(TenancyService);
  const compiler = app.get(CompilerService);
  return {
    pool: app.get(VmPoolService),
    compiler,
    compileAs: (tenantId, name, source) =>
      tenancy.runAs({ tenant: { id: tenantId } }, () => compiler.compile(name, source)),
    runAs: (tenantId, script, executeOptions) =>
      tenancy.runAs({ tenant: { id: tenantId } }, () => executions.execute(script, executeOptions)),
    runWithSetup: (tenantId, script, setup, executeOptions) =>
      tenancy.runAs({ tenant: { id: tenantId } }, () => executions.executeWithSetup(script, setup, executeOptions)),
    prepareAs: async (tenantId, source, prepareOptions) => {
      const inTenant = { tenant: { id: tenantId } };
      const prepared = await tenancy.runAs(inTenant, () => executions.prepare(source, prepareOptions));
      return {
        invoke: (input) => tenancy.runAs(inTenant, () => prepared.invoke(input)),
        dispose: () => prepared.dispose(),
      };
    },
    get: (provider) => app.get(provider),
    close: () => app.close(),
  };
}

/** How an execution ended. What is no error of the library's comes as its text, which is no code of anybody's. */
export async function outcomeOf(execution: Promise<unknown>): Promise<ErrorCode | 'OK' | `unexpected ${string}`> {
  try {
    await execution;
    return 'OK';
  } catch (error) {
    return error instanceof JsRuntimeError ? error.code : `unexpected ${String(error)}`;
  }
}

/** Whether the pool came back to so many idle VMs, and nothing else, before the time is over. */
export async function comesToRest(pool: VmPoolService, poolSize: number, timeoutMs: number): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (!isAtRest(pool, poolSize)) {
    if (performance.now() > until) return false;
    await sleep(20);
  }
  return true;
}

function isAtRest(pool: VmPoolService, poolSize: number): boolean {
  const { available, inUse, ending, starting, waiting } = pool.stats();
  return available === poolSize && inUse + ending + starting + waiting === 0;
}
