import { createContext, runInContext } from 'node:vm';
import { isSame } from '../is-same.ts';
import { functionOf } from '../peers/support/function-of.ts';
import { contextOf, next } from '../workload.ts';
import { WORKLOADS } from './all.ts';

describe('Workloads', () => {
  it.each(WORKLOADS)('expect of $name what it comes to', async ({ script, expected }) => {
    const globals = createContext({ context: contextOf('acme'), bench: { next } });
    const result: unknown = await runInContext(script, globals);
    expect(isSame(result, expected('acme'))).toBe(true);
  });

  it.each(WORKLOADS)('expect of $name, deployed, the same in each call', async (workload) => {
    const globals = createContext({ bench: { next } });
    const deployed = runInContext(functionOf(workload), globals) as (context: unknown) => unknown;
    for (const tenantId of ['acme', 'globex', 'acme']) {
      expect(isSame(await deployed(contextOf(tenantId)), workload.expected(tenantId))).toBe(true);
    }
  });

  it('are of the size that they say', () => {
    const sizeOf = (name: string): number => WORKLOADS.find((one) => one.name === name)?.script.length ?? 0;
    expect(sizeOf('large')).toBeGreaterThan(200_000);
    const result = JSON.stringify(WORKLOADS.find(({ name }) => name === 'large-result')?.expected('acme'));
    expect(result.length).toBeGreaterThan(100_000);
  });
});
