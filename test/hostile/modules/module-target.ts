import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { ExecuteOptions, ModuleRequest, ModuleResolver, ModuleSource, TenantContext } from 'nestjs-js-runtime';
import { startRuntime, until, type TestRuntime } from '../../../libs/js-runtime/test-support/start-runtime.ts';
import { JsRuntimeError } from '../../../libs/js-runtime/src/errors/js-runtime-error.ts';
import type { More } from '../attack.ts';
import type { Answer, AnswerBody, Attacked, Pool, Tenant } from '../target.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

type Modules = NonNullable<More['modules']>;

/** Each tenant has the modules that its last step came with. */
class TenantModules implements ModuleResolver {
  static readonly of = new Map<string, Modules>();

  resolve({ specifier }: ModuleRequest, { tenant }: TenantContext): ModuleSource | undefined {
    const modules = TenantModules.of.get(tenant.id) ?? {};
    const module = Object.hasOwn(modules, specifier) ? modules[specifier] : undefined;
    return typeof module === 'string' ? { name: specifier, source: module } : module && { name: specifier, ...module };
  }
}

/** The library in this process, and modules to import, which the backend has none of. */
export class ModuleTarget implements Attacked {
  readonly pid = process.pid;
  readonly alive = true;
  /** What no answer may contain. */
  readonly #secrets = [ROOT, '(<isolated-vm boundary>)', '(node:internal/', process.env.CANARY ?? ''];

  private constructor(
    readonly runtime: TestRuntime,
    private readonly poolSize: number,
  ) {}

  static async start(poolSize: number): Promise<ModuleTarget> {
    process.env.CANARY = randomUUID();
    // More time than any attack has; by default it would be less.
    const options = { poolSize, maxVms: poolSize, maxModules: 1000, timeoutMs: 60_000 };
    return new ModuleTarget(await startRuntime(options, { moduleResolver: TenantModules }), poolSize);
  }

  async execute(tenant: Tenant, body: object): Promise<Answer> {
    const { script, modules = {}, ...options } = body as ExecuteOptions & { script: string; modules?: Modules };
    TenantModules.of.set(tenant, modules);
    const startedAt = performance.now();
    const answer = await this.runtime.runAs(tenant, script, options).then(
      ({ value, ...others }) => ({ status: 200, body: { result: value, ...others } }),
      (error: unknown) => ({ status: 422, body: bodyOf(error) }),
    );
    const ms = performance.now() - startedAt;
    const text = JSON.stringify(answer.body);
    return { status: answer.status, body: JSON.parse(text) as AnswerBody, text, ms };
  }

  isIndiscreet({ text }: Answer): boolean {
    return this.#secrets.some((secret) => text.includes(secret));
  }

  async poolAtRest(): Promise<Pool> {
    const { pool } = this.runtime;
    await until(() => {
      const { available, recycling, inUse, ending, starting, waiting } = pool.stats();
      return available >= this.poolSize && recycling + inUse + ending + starting + waiting === 0;
    });
    return { stats: pool.stats(), vms: pool.vms() };
  }

  async stop(): Promise<void> {
    await this.runtime.close();
  }
}

/** As a problem of the backend is. @throws what is no error of the library's */
function bodyOf(error: unknown): object {
  if (!(error instanceof JsRuntimeError)) throw error;
  const { code, message: detail, details, logs, usage } = error;
  return { code, detail, ...details, logs, usage };
}
