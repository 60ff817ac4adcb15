import type { ExecutionResult } from '../execution-result.ts';
import { PreparedFunction } from './prepared-function.ts';

describe('PreparedFunction', () => {
  let held: PromiseWithResolvers<ExecutionResult>[];
  let forgotten: number;
  let prepared: PreparedFunction;

  beforeEach(() => {
    held = [];
    forgotten = 0;
    prepared = new PreparedFunction(
      async () => {
        const one = Promise.withResolvers<ExecutionResult>();
        held.push(one);
        return one.promise;
      },
      () => {
        forgotten++;
      },
    );
  });

  const result = { value: 1 } as ExecutionResult;

  it('counts what is under way, what has ended, and what has failed', async () => {
    const [first, second] = [prepared.invoke(), prepared.invoke()];
    expect(prepared.stats()).toEqual({ invocations: 0, failures: 0, inFlight: 2 });
    held[0]?.resolve(result);
    held[1]?.reject(new Error('failed'));
    await expect(first).resolves.toBe(result);
    await expect(second).rejects.toThrow('failed');
    expect(prepared.stats()).toEqual({ invocations: 2, failures: 1, inFlight: 0 });
  });

  it('is disposed of when what is under way has ended, for all that ask for it, once', async () => {
    const invoked = prepared.invoke();
    const disposed = [prepared.dispose(), prepared.dispose()];
    await expect(prepared.invoke()).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    expect(forgotten).toBe(0);
    held[0]?.resolve(result);
    await Promise.all([invoked, ...disposed, prepared.dispose()]);
    expect(forgotten).toBe(1);
  });
});
