import { NotFoundException } from '@nestjs/common';
import { ERROR_CODES, JsRuntimeError, type ErrorCode } from 'nestjs-js-runtime';
import { invalidRequest } from '../validation/invalid-request.ts';
import { BACKEND_PROBLEMS, ProblemError, type BackendProblemCode } from './problem-error.ts';
import { problem } from './problem.ts';
import { toProblem } from './to-problem.ts';

describe('toProblem', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('gives %s the status of its code', (code) => {
    const found = toProblem(new JsRuntimeError(code, 'what happened'));
    const { status, retryable, title } = ERROR_CODES[code];
    expect(found).toMatchObject({ type: 'about:blank', code, status, retryable, title, detail: 'what happened' });
    expect(problem.safeParse(found).success).toBe(true);
  });

  it('hands over details, logs and usage', () => {
    const limit = { name: 'timeoutMs', allowed: 5 };
    const error = new JsRuntimeError('WALL_TIME_LIMIT_EXCEEDED', 'late', { limit });
    error.executionId = 'e1';
    error.logs = [{ level: 'log', message: 'here' }];
    error.usage = {
      wallMs: 6,
      queueMs: 0,
      cpuMs: 5,
      peakMemoryBytes: 2,
      heapBytes: 1,
      apiCalls: 0,
      inputBytes: 0,
      resultBytes: 0,
      logBytes: 0,
      compile: 'hit',
    };
    expect(toProblem(error)).toMatchObject({ executionId: 'e1', limit, logs: error.logs, usage: error.usage });
  });

  it('hands over when to come again', () => {
    const found = toProblem(new JsRuntimeError('TENANT_BUSY', 'the queue is full', { retryAfterMs: 1500 }));
    expect(found).toMatchObject({ status: 429, retryable: true, retryAfterMs: 1500 });
    expect(problem.safeParse(found).data).toMatchObject({ retryAfterMs: 1500 });
  });

  it.each(Object.keys(BACKEND_PROBLEMS) as BackendProblemCode[])('explains %s, without its cause', (code) => {
    const limit = { name: 'maxModules', allowed: 1, used: 2 };
    const found = toProblem(new ProblemError(code, 'what happened', limit, { cause: new Error('hunter2') }));
    expect(found).toEqual({ type: 'about:blank', ...BACKEND_PROBLEMS[code], code, detail: 'what happened', limit });
    expect(problem.safeParse(found).success).toBe(true);
  });

  it('explains what the HTTP layer refused', () => {
    expect(toProblem(new NotFoundException('no such route'))).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    const refused = Object.assign(new Error('too many'), { statusCode: 429 });
    expect(toProblem(refused)).toMatchObject({ status: 429, code: 'INVALID_REQUEST', detail: 'too many' });
  });

  it.each([
    ['an error', new Error('password is hunter2')],
    ['an error with a status of ours', Object.assign(new Error('password is hunter2'), { statusCode: 503 })],
    ['a string', 'password is hunter2'],
    ['nothing', undefined],
    ['null', null],
  ])('tells nobody about %s', (_, error) => {
    const found = toProblem(error);
    expect(found).toMatchObject({ status: 500, code: 'INTERNAL_ERROR', retryable: false });
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});

describe('invalidRequest', () => {
  it('says what is wrong, and where', () => {
    const error = invalidRequest([
      { message: 'no good' },
      { message: 'not a string', path: ['script'] },
      { message: 'too small', path: [{ key: 'limits' }, 'timeoutMs'] },
    ]);
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.details.issues).toEqual(['no good', 'script: not a string', 'limits.timeoutMs: too small']);
  });

  it('does not repeat thousands of problems', () => {
    const error = invalidRequest(Array.from({ length: 5000 }, (_, index) => ({ message: `problem ${index}` })));
    expect(error.details.issues).toHaveLength(20);
  });
});
