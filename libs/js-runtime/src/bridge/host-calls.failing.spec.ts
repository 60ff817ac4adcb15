import { inspect } from 'node:util';
import { z } from 'zod';
import { ScriptApi } from '../host-api/script-api.decorator.ts';
import { ScriptMethod } from '../host-api/script-method.decorator.ts';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

const trap = (): never => {
  throw new Error('looked at');
};

/** What looks harmless to `throw`, and throws when somebody looks at it. */
const THROWN: Readonly<Record<string, unknown>> = {
  'no prototype': Object.create(null),
  'a text that throws': { [inspect.custom]: trap },
  'a prototype that throws': new Proxy({}, { getPrototypeOf: trap }),
  'a name that throws': Object.defineProperty(new Error('x'), 'name', { get: trap }),
};

@ScriptApi('odd')
class OddApi {
  @ScriptMethod({ input: z.string() })
  async later(what: string): Promise<never> {
    await Promise.resolve();
    throw THROWN[what];
  }

  @ScriptMethod({ input: z.string(), timeoutMs: 20 })
  async late(what: string, { signal }: { readonly signal: AbortSignal }): Promise<never> {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    throw THROWN[what];
  }
}

const FUNCTION = { wrap: 'function' } as const;

describe('A method that throws what throws when it is looked at', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ permissions: ['*'] }, {}, [OddApi]);
  });

  afterAll(async () => runtime.close());

  it.each(Object.keys(THROWN))('has failed, as any other: %s', async (input) => {
    const script = 'return await odd.later(input).catch(({ code }) => code)';
    expect(await runtime.valueOf(script, { ...FUNCTION, input })).toBe('API_CALL_FAILED');
  });

  it.each(Object.keys(THROWN))('does not end the backend when nobody waits any more: %s', async (input) => {
    const script = 'return await odd.late(input).catch(({ code }) => code)';
    // Jest fails a test during which a rejection is handled by nobody.
    expect(await runtime.valueOf(script, { ...FUNCTION, input })).toBe('API_CALL_TIMED_OUT');
  });
});
