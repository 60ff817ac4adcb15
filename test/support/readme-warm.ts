import { Injectable } from '@nestjs/common';
import { ExecutionService, TenancyService, type PreparedFunction } from 'nestjs-js-runtime';

interface Order {
  readonly net: number;
  readonly country: string;
}

/** What orders cost, by the rule that their tenant has deployed. */
@Injectable()
export class Prices {
  readonly #rules = new Map<string, PreparedFunction<Order, number>>();

  constructor(
    private readonly executions: ExecutionService,
    private readonly tenancy: TenancyService,
  ) {}

  /** Calls that are under way end with the rule of before. */
  async deploy(source: string): Promise<void> {
    const { id } = this.tenancy.current().tenant;
    const rule = await this.executions.prepare<Order, number>(source, { wrap: 'module', name: 'rule.js' });
    const before = this.#rules.get(id);
    this.#rules.set(id, rule);
    await before?.dispose();
  }

  async of(order: Order): Promise<number> {
    const rule = this.#rules.get(this.tenancy.current().tenant.id);
    if (!rule) throw new Error('The tenant has deployed no rule');
    const { value } = await rule.invoke(order, { limits: { timeoutMs: 200 } });
    return value;
  }
}
