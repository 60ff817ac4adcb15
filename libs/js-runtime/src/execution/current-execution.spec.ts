import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { ScriptApi } from '../host-api/script-api.decorator.ts';
import { ScriptMethod } from '../host-api/script-method.decorator.ts';
import { VM_FACTORY, type VmFactory } from '../pool/vm-factory.ts';
import { currentExecutionId } from './current-execution.ts';

const { jest } = import.meta;

@ScriptApi('current')
@Injectable()
class CurrentApi {
  #arrivals = 0;
  readonly #bothThere = Promise.withResolvers<undefined>();

  @ScriptMethod({ output: z.unknown() })
  execution(): string | undefined {
    return currentExecutionId();
  }

  /** Answers when two have asked. */
  @ScriptMethod({ output: z.unknown() })
  async executionOfTwo(): Promise<string | undefined> {
    if (++this.#arrivals === 2) this.#bothThere.resolve(undefined);
    await this.#bothThere.promise;
    return currentExecutionId();
  }
}

const FUNCTION = { wrap: 'function' } as const;

describe('currentExecutionId', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ permissions: ['current:*'] }, {}, [CurrentApi]);
  });

  afterAll(async () => runtime.close());

  it('is the id of the execution in what its script calls, and of none before and after', async () => {
    expect(currentExecutionId()).toBeUndefined();
    const value = await runtime.valueOf('return await current.execution()', { ...FUNCTION, executionId: 'e1' });
    expect(value).toBe('e1');
    expect(currentExecutionId()).toBeUndefined();
  });

  it('is its own for each of two executions that one request runs at a time', async () => {
    const script = 'return await current.executionOfTwo()';
    const values = await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      Promise.all(
        ['e1', 'e2'].map(async (executionId) => runtime.executions.execute(script, { ...FUNCTION, executionId })),
      ),
    );
    expect(values.map(({ value }) => value)).toEqual(['e1', 'e2']);
  });

  it('is also there in a setup function', async () => {
    const { value } = await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      runtime.executions.executeWithSetup(
        'return seen',
        (scope) => {
          scope.define('seen', currentExecutionId() ?? 'none');
        },
        { ...FUNCTION, executionId: 'e3' },
      ),
    );
    expect(value).toBe('e3');
  });

  it('is not there where a VM is made that an execution needs: the VM is not its own', async () => {
    const factory = runtime.get<VmFactory>(VM_FACTORY);
    const create = factory.create.bind(factory);
    const seen: (string | undefined)[] = [];
    const spy = jest.spyOn(factory, 'create').mockImplementation(async (signal) => {
      seen.push(currentExecutionId());
      return create(signal);
    });
    // Three at a time, with two VMs: one more is started.
    const wait = 'new Promise((resolve) => setTimeout(resolve, 400))';
    await Promise.all([runtime.run(wait), runtime.run(wait), runtime.run(wait)]);
    spy.mockRestore();
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((id) => id === undefined)).toBe(true);
  });
});
