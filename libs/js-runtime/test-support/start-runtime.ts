import { Injectable, type Provider, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClsModule } from 'nestjs-cls';
import type { CompiledOptions, JsRuntimeOptions } from '../src/config/options.schema.ts';
import { COMPILED_OPTIONS } from '../src/config/options.token.ts';
import { CompilerService } from '../src/compiler/compiler.service.ts';
import { JsRuntimeError } from '../src/errors/js-runtime-error.ts';
import type { ExecuteOptions } from '../src/execution/execute-options.ts';
import type { ExecutionResult } from '../src/execution/execution-result.ts';
import { ExecutionService } from '../src/execution/execution.service.ts';
import type { JsRuntimeExtras } from '../src/js-runtime.module-definition.ts';
import { JsRuntimeModule } from '../src/js-runtime.module.ts';
import { TenantUsageService } from '../src/security/tenant-usage.service.ts';
import { ProcessVmFactory } from '../src/pool/process-vm-factory.ts';
import { VmPoolService } from '../src/pool/vm-pool.service.ts';
import type { CompiledScript } from '../src/compiler/compiled-script.ts';
import type { TenantContext } from '../src/tenancy/tenant-context.ts';
import { TenancyService } from '../src/tenancy/tenancy.service.ts';

/** The whole library in a Nest module, with real VM processes. */
export interface TestRuntime {
  readonly executions: ExecutionService;
  readonly compiler: CompilerService;
  readonly pool: VmPoolService;
  readonly tenancy: TenancyService;
  readonly usage: TenantUsageService;
  /** Any other provider. */
  get<T>(token: Type<T> | symbol): T;
  /** Runs a script for tenant `acme`. */
  run(script: string | CompiledScript, options?: ExecuteOptions): Promise<ExecutionResult>;
  /** Runs a script for the tenant of this context, or of this id. */
  runAs(
    tenant: string | TenantContext,
    script: string | CompiledScript,
    options?: ExecuteOptions,
  ): Promise<ExecutionResult>;
  /** What a script of tenant `acme` comes to. */
  valueOf(script: string, options?: ExecuteOptions): Promise<unknown>;
  /** The error that a script of tenant `acme` ends with. */
  errorOf(script: string, options?: ExecuteOptions): Promise<JsRuntimeError>;
  /** Ends every VM process. */
  close(): Promise<void>;
}

/** VMs that see to their deadlines themselves, and have the time for it, however long they wait for a CPU. For scripts that can be interrupted. */
@Injectable()
export class PatientVmFactory extends ProcessVmFactory {
  protected override readonly killGraceMs = 20_000;
}

/** What a busy machine does to this process is not what tests are about, unless they say so. */
const UNHURRIED = { loadEnabled: false, healthTimeoutMs: 20_000, vmCreateTimeoutMs: 20_000 };

/** Starts the library with two VMs, or as many as the options say, beside other providers and modules, and waits until all are ready. */
export async function startRuntime(
  options: JsRuntimeOptions = {},
  extras: JsRuntimeExtras = {},
  providers: Provider[] = [],
  imports: Type[] = [],
): Promise<TestRuntime> {
  const module = await Test.createTestingModule({
    imports: [
      ClsModule.forRoot({ global: true }),
      JsRuntimeModule.forRoot({ poolSize: 2, auditEnabled: false, ...UNHURRIED, ...options, ...extras }),
      ...imports,
    ],
    providers,
  }).compile();
  module.useLogger(false);
  await module.init();
  const pool = module.get(VmPoolService);
  const { poolSize } = module.get<CompiledOptions>(COMPILED_OPTIONS);
  // The module is up with its first VM; tests count on all of them.
  await until(() => pool.stats().available === poolSize);
  const executions = module.get(ExecutionService);
  const tenancy = module.get(TenancyService);
  const runAs: TestRuntime['runAs'] = async (tenant, script, executeOptions) => {
    const context = typeof tenant === 'string' ? { tenant: { id: tenant } } : tenant;
    return tenancy.runAs(context, async () => executions.execute(script, executeOptions));
  };
  const run: TestRuntime['run'] = async (script, executeOptions) => runAs('acme', script, executeOptions);
  return {
    executions,
    compiler: module.get(CompilerService),
    pool,
    tenancy,
    usage: module.get(TenantUsageService),
    get: (token) => module.get(token, { strict: false }),
    run,
    runAs,
    valueOf: async (script, executeOptions) => (await run(script, executeOptions)).value,
    errorOf: async (script, executeOptions) => runtimeErrorOf(run(script, executeOptions)),
    close: async () => module.close(),
  };
}

/** What a promise rejects with. @throws Error when it does not, or with something else than a JsRuntimeError */
export async function runtimeErrorOf(promise: Promise<unknown>): Promise<JsRuntimeError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  if (outcome instanceof JsRuntimeError) return outcome;
  if (outcome instanceof Error) throw outcome;
  throw new Error(`expected a JsRuntimeError, got ${JSON.stringify(outcome)}`);
}

/** Waits for a state of the pool that no promise tells of; Jest's time limit is the only one. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
