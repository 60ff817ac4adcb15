import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ClsModule } from 'nestjs-cls';
import { ExecutionService, JsRuntimeModule, TenancyService } from 'nestjs-js-runtime';
import { SCRIPT, TENANT, type Peer } from '../peer.ts';

/** This library, as an application uses it: fresh realm, isolate in a process of its own. */
export async function createPeer(): Promise<Peer> {
  // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- Node runs this file as it is, without decorators
  class BenchModule {}
  const app = await NestFactory.createApplicationContext(
    { module: BenchModule, imports: [ClsModule.forRoot({ global: true }), JsRuntimeModule.forRoot({ poolSize: 2 })] },
    { logger: false },
  );
  const executions = app.get(ExecutionService);
  const tenancy = app.get(TenancyService);
  return {
    runOnce: async () => (await tenancy.runAs(TENANT, () => executions.execute(SCRIPT))).value,
    close: () => app.close(),
  };
}
