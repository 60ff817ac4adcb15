import { Injectable, Module } from '@nestjs/common';
import { ClsModule } from 'nestjs-cls';
import { JsRuntimeModule, ScriptApi, ScriptApiError, ScriptMethod, type ScriptCall } from 'nestjs-js-runtime';
import { z } from 'zod';

const order = z.object({ id: z.int(), status: z.enum(['open', 'paid']), total: z.number() });
const filter = z.strictObject({ status: order.shape.status });
const id = z.tuple([z.int().meta({ title: 'id' })]);
type Order = z.infer<typeof order>;

@ScriptApi('orders', { description: 'Orders of the tenant' })
@Injectable()
export class OrdersApi {
  /** In your backend, a repository that is injected. */
  readonly #orders: Readonly<Record<string, readonly Order[]>> = { acme: [{ id: 7, status: 'open', total: 40 }] };

  @ScriptMethod({ description: 'Those of a status', input: filter, output: z.array(order), timeoutMs: 2000 })
  async list({ status }: z.infer<typeof filter>, { tenant, signal }: ScriptCall): Promise<readonly Order[]> {
    signal.throwIfAborted();
    return Promise.resolve((this.#orders[tenant.id] ?? []).filter((one) => one.status === status));
  }

  @ScriptMethod({ description: 'One of them', input: id, output: order })
  get([wanted]: [number], { tenant }: ScriptCall): Order {
    const found = this.#orders[tenant.id]?.find((one) => one.id === wanted);
    if (found) return found;
    throw new ScriptApiError('ORDER_NOT_FOUND', `There is no order ${wanted}`);
  }
}

@Module({
  imports: [ClsModule.forRoot({ global: true }), JsRuntimeModule.forRoot({ permissions: ['orders:*'] })],
  providers: [OrdersApi],
})
export class OrdersModule {}
