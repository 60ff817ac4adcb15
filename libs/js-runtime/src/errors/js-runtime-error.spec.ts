import { ERROR_CODES, type ErrorCode } from './error-codes.ts';
import { JsRuntimeError } from './js-runtime-error.ts';

describe('JsRuntimeError', () => {
  it('says where it comes from', () => {
    expect(new JsRuntimeError('INVALID_REQUEST', 'wrong').stack).toMatch(/^JsRuntimeError: wrong\n {4}at /);
  });

  it('does not take the time to find that out when it is a refusal, and leaves other errors as they are', () => {
    const before = Error.stackTraceLimit;
    const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => ERROR_CODES[code].retryable);
    const stacks = codes.map((code) => new JsRuntimeError(code, 'later').stack);
    expect(new Set(stacks)).toEqual(new Set(['JsRuntimeError: later']));
    expect(Error.stackTraceLimit).toBe(before);
    expect(new Error('another').stack).toContain('\n    at ');
  });

  it('leaves other errors as they are when its cause cannot be read', () => {
    const before = Error.stackTraceLimit;
    const options = Object.defineProperty({}, 'cause', {
      get: () => {
        throw new RangeError('no cause');
      },
    });
    expect(() => new JsRuntimeError('TENANT_BUSY', 'later', {}, options)).toThrow('no cause');
    expect(Error.stackTraceLimit).toBe(before);
  });

  it('can be made where nobody may change Error', () => {
    const descriptor = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') ?? {};
    Object.defineProperty(Error, 'stackTraceLimit', { ...descriptor, writable: false });
    try {
      expect(new JsRuntimeError('TENANT_BUSY', 'later')).toMatchObject({ code: 'TENANT_BUSY', message: 'later' });
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', descriptor);
    }
  });
});
