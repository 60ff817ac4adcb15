import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ClsModule } from 'nestjs-cls';
import { ExecutionService, JsRuntimeModule, TenancyService } from 'nestjs-js-runtime';
import request from 'supertest';
import { BackendProcess, endAllBackends } from './support/backend-process.ts';
import { OrdersModule } from './support/readme-api.ts';
import { AppModule } from './support/readme-app.ts';
import { Prices } from './support/readme-warm.ts';

const fileOf = (path: string): Promise<string> => readFile(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

describe('The README', () => {
  afterEach(endAllBackends);

  it('shows commands that answer what it says', async () => {
    const readme = await fileOf('../README.md');
    const examples = [...readme.matchAll(/^\$ (curl .*?)\n(\{".*?)\n```/gms)];
    expect(examples).toHaveLength(9);
    const backend = await BackendProcess.start();
    for (const [, command = '', answer = ''] of examples) {
      const here = command.replace('http://127.0.0.1:3000', backend.url);
      const { stdout } = await promisify(execFile)('sh', ['-c', here]);
      expect(withoutFigures(JSON.parse(stdout))).toEqual(withoutFigures(JSON.parse(answer)));
    }
    await backend.end('SIGTERM');
  });

  it('shows an application that works', async () => {
    const example = await fileOf('support/readme-app.ts');
    expect(await fileOf('../README.md')).toContain(`\`\`\`ts\n${example}\`\`\``);
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    try {
      await request(app.getHttpServer()).post('/price').expect(201, { price: 180 });
    } finally {
      await app.close();
    }
  });

  it('shows an API for scripts that works, in less than 40 lines', async () => {
    const example = await fileOf('support/readme-api.ts');
    expect(example.split('\n').length).toBeLessThan(40);
    const readme = await fileOf('../README.md');
    expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
    const script = /^```js\n(\/\/ Orders.*?)```/ms.exec(readme)?.[1] ?? '';
    const module = await Test.createTestingModule({ imports: [OrdersModule] }).compile();
    module.useLogger(false);
    await module.init();
    try {
      const result = await module
        .get(TenancyService, { strict: false })
        .runAs({ tenant: { id: 'acme' } }, async () =>
          module.get(ExecutionService, { strict: false }).execute(script, { wrap: 'function' }),
        );
      expect(result).toMatchObject({ value: { total: 40, problem: 'ORDER_NOT_FOUND' }, usage: { apiCalls: 2 } });
      const withSetup = /executeWithSetup\(\n {2}'(.*)',/.exec(readme)?.[1] ?? '';
      const total = await module.get(TenancyService, { strict: false }).runAs({ tenant: { id: 'acme' } }, async () =>
        module.get(ExecutionService, { strict: false }).executeWithSetup(
          withSetup,
          (scope) => {
            scope.define('rates', { eur: 1.1 });
            scope.expose('cart.total', () => 10);
          },
          { wrap: 'function' },
        ),
      );
      expect(total.value).toBe(11);
    } finally {
      await module.close();
    }
  });

  it('shows functions in warm realms that work', async () => {
    const readme = await fileOf('../README.md');
    expect(readme).toContain(`\`\`\`ts\n${await fileOf('support/readme-warm.ts')}\`\`\``);
    const rule = /^```js\n(\/\/ A rule\n.*?)```/ms.exec(readme)?.[1] ?? '';
    const inOneCall = /execute\('(.*)', \{ wrap: 'function', realm: 'warm'/.exec(readme)?.[1] ?? '';
    const module = await Test.createTestingModule({
      imports: [ClsModule.forRoot({ global: true }), JsRuntimeModule.forRoot({ poolSize: 1, maxVms: 1 })],
      providers: [Prices],
    }).compile();
    module.useLogger(false);
    await module.init();
    const asAcme = async <T>(work: () => Promise<T>): Promise<T> =>
      module.get(TenancyService, { strict: false }).runAs({ tenant: { id: 'acme' } }, work);
    try {
      const prices = module.get(Prices);
      await asAcme(async () => prices.deploy(rule));
      for (const country of ['AT', 'DE', 'AT']) {
        const price = await asAcme(async () => prices.of({ net: 100, country }));
        expect(price).toBe(country === 'AT' ? 120 : 119);
      }
      await asAcme(async () => prices.deploy('export default () => 1;'));
      await expect(asAcme(async () => prices.of({ net: 100, country: 'AT' }))).resolves.toBe(1);
      for (let n = 0; n < 2; n++) {
        const executed = asAcme(async () =>
          module
            .get(ExecutionService, { strict: false })
            .execute(inOneCall, { wrap: 'function', realm: 'warm', input: { n: 21 } }),
        );
        await expect(executed).resolves.toMatchObject({ value: 42, usage: { compile: n === 0 ? 'miss' : 'hit' } });
      }
    } finally {
      await module.close();
    }
  });
});

/** Ids, times and figures are of one run; the rest of an answer is a promise. */
function withoutFigures(answer: unknown): unknown {
  const { executionId, vmId, usage = {}, limit, updatedAt, ...rest } = answer as Record<string, unknown>;
  const { used, ...allowed } = (limit ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    allowed,
    has: [typeof executionId, typeof vmId, typeof used, typeof updatedAt, Object.keys(usage as object)],
  };
}
