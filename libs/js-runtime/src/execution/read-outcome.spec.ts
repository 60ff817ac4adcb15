import { compileOptions } from '../config/compile-options.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { RunReply } from '../process/vm-request.ts';
import type { RunOutcome } from '../protocol/messages.ts';
import { readOutcome } from './read-outcome.ts';

const options = compileOptions({ timeoutMs: 250, maxCpuMs: 70, maxResultBytes: 100, maxMemoryMb: 32 });
const error = { name: 'TypeError', message: 'no', stack: 'TypeError: no\n    at a.js:2:3', line: 2, column: 3 };

function read(outcome: RunOutcome, resultJson = '', refusedWith: readonly ErrorCode[] = []): unknown {
  const used = { cpuMs: 1, peakMemoryBytes: 3 };
  const resultBytes = resultJson.length;
  const reply: RunReply = { outcome, resultJson, logs: [], ...used, heapBytes: 2, resultBytes, refused: [] };
  const sources = [{ name: 'a.js', source: 'one;\ntwo;' }];
  return readOutcome(reply, options, 260, used, sources, { hasRefusedWith: (code) => refusedWith.includes(code) });
}

function errorOf(outcome: RunOutcome, resultJson?: string): JsRuntimeError {
  try {
    read(outcome, resultJson);
  } catch (thrown) {
    if (thrown instanceof JsRuntimeError) return thrown;
    throw thrown;
  }
  throw new Error('there was no error');
}

describe('readOutcome', () => {
  it.each(['null', 'false', '0', '""', '[]', '{"a":[1]}'])('reads the value %s', (json) => {
    expect(JSON.stringify(read({ kind: 'value' }, json))).toBe(json);
  });

  it('reads __proto__ as a key like any other', () => {
    const value = read({ kind: 'value' }, '{"__proto__":{"polluted":true}}') as { polluted?: unknown };
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value.polluted).toBeUndefined();
  });

  it.each(['', '{', 'undefined', '1 2', "{'a':1}"])('takes %p, which is not JSON, for the end of the VM', (json) => {
    const { code, details, cause } = errorOf({ kind: 'value' }, json);
    expect({ code, details }).toEqual({ code: 'VM_CRASHED', details: {} });
    expect(cause).toBeInstanceOf(Error);
  });

  it('reads undefined, whatever else was sent', () => {
    expect(read({ kind: 'undefined' }, '{"a":1}')).toBeUndefined();
  });

  it('tells what a script threw', () => {
    expect(errorOf({ kind: 'threw', error })).toMatchObject({
      code: 'SCRIPT_ERROR',
      message: 'TypeError: no',
      details: { error },
    });
  });

  it('tells where a source does not compile', () => {
    expect(errorOf({ kind: 'not-compiled', error })).toMatchObject({
      code: 'COMPILATION_FAILED',
      message: 'TypeError: no (a.js:2:3)',
      details: { error: { ...error, file: 'a.js', codeFrame: '  1 | one;\n> 2 | two;\n    |   ^' } },
    });
    const { name, message, stack } = error;
    expect(errorOf({ kind: 'not-compiled', error: { name, message, stack } }).message).toBe('TypeError: no (a.js)');
  });

  it('tells why a result is not JSON', () => {
    expect(errorOf({ kind: 'not-serializable', message: 'a cycle' })).toMatchObject({
      code: 'RESULT_NOT_SERIALIZABLE',
      message: 'The result is not JSON: a cycle',
    });
  });

  it('tells how large a result may be', () => {
    expect(errorOf({ kind: 'result-too-large', bytes: 101 })).toMatchObject({
      code: 'RESULT_TOO_LARGE',
      details: { limit: { name: 'maxResultBytes', allowed: 100, used: 101 } },
    });
  });

  it('tells where a script was when its time was up', () => {
    expect(errorOf({ kind: 'timed-out', stack: 'Error\n    at a.js:1:1' })).toMatchObject({
      code: 'WALL_TIME_LIMIT_EXCEEDED',
      details: { limit: { name: 'timeoutMs', allowed: 250 }, stack: 'Error\n    at a.js:1:1' },
    });
  });

  it('tells how much memory a script may use', () => {
    expect(errorOf({ kind: 'out-of-memory' })).toMatchObject({
      code: 'MEMORY_LIMIT_EXCEEDED',
      details: { limit: { name: 'maxMemoryMb', allowed: 32 } },
    });
  });
});
