import fc from 'fast-check';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { ApiCalls } from './api-calls.ts';

function errorOf(work: () => unknown): unknown {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof JsRuntimeError ? error.code : error;
  }
}

describe('ApiCalls', () => {
  it('lets exactly maxApiCalls through', () => {
    const calls = new ApiCalls({ maxApiCalls: 3, maxApiCallsInFlight: 10 });
    for (let call = 0; call < 3; call++) calls.begin()();
    const limit = { name: 'maxApiCalls', allowed: 3, used: 4 };
    const error = { code: 'API_CALL_LIMIT_EXCEEDED', details: { limit } };
    expect(() => calls.begin()).toThrow(expect.objectContaining(error));
    expect([calls.total, calls.inFlight]).toEqual([3, 0]);
  });

  it('lets exactly maxApiCallsInFlight be under way at a time', () => {
    const calls = new ApiCalls({ maxApiCalls: 10, maxApiCallsInFlight: 2 });
    const end = calls.begin();
    calls.begin();
    const limit = { name: 'maxApiCallsInFlight', allowed: 2, used: 3 };
    expect(() => calls.begin()).toThrow(expect.objectContaining({ details: { limit } }));
    end();
    end();
    expect([calls.total, calls.inFlight]).toEqual([2, 1]);
    calls.begin();
    expect(() => calls.begin()).toThrow(JsRuntimeError);
  });

  it('lets none through where none are allowed', () => {
    expect(() => new ApiCalls({ maxApiCalls: 0, maxApiCallsInFlight: 1 }).begin()).toThrow(JsRuntimeError);
  });

  it('is exact, in whatever order calls begin and end', () => {
    const limits = {
      maxApiCalls: fc.integer({ min: 0, max: 20 }),
      maxApiCallsInFlight: fc.integer({ min: 1, max: 5 }),
    };
    fc.assert(
      fc.property(fc.record(limits), fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 60 }), (allowed, steps) => {
        const calls = new ApiCalls(allowed);
        const underWay: (() => void)[] = [];
        const refused: unknown[] = [];
        const inFlight: [number, number][] = [];
        let total = 0;
        for (const step of steps) {
          const isAllowed = total < allowed.maxApiCalls && underWay.length < allowed.maxApiCallsInFlight;
          if (step < 0) {
            underWay.splice(step % (underWay.length + 1), 1)[0]?.();
          } else if (isAllowed) {
            underWay.push(calls.begin());
            total++;
          } else {
            refused.push(errorOf(() => calls.begin()));
          }
          inFlight.push([calls.inFlight, underWay.length]);
        }
        expect(calls.total).toBe(total);
        expect(refused.every((code) => code === 'API_CALL_LIMIT_EXCEEDED')).toBe(true);
        expect(inFlight.every(([counted, real]) => counted === real)).toBe(true);
      }),
    );
  });
});
