import { JsRuntimeError, type ErrorCode } from 'nestjs-js-runtime';
import { sendProblem, type ProblemReply } from './send-problem.ts';
import { toProblem } from './to-problem.ts';

/** The headers that a problem is sent with. */
function headersOf(code: ErrorCode, retryAfterMs?: number): Record<string, unknown> {
  const headers: Record<string, unknown> = {};
  const reply = {
    header: (name: string, value: unknown) => {
      headers[name] = value;
      return reply;
    },
    status: () => reply,
    send: () => reply,
  };
  const details = retryAfterMs === undefined ? {} : { retryAfterMs };
  sendProblem(reply as unknown as ProblemReply, toProblem(new JsRuntimeError(code, 'no', details)));
  return headers;
}

describe('sendProblem', () => {
  it.each([
    [undefined, 1],
    [0, 1],
    [0.4, 1],
    [1000, 1],
    [1000.1, 2],
    [59_001, 60],
  ])('turns %p ms into "Retry-After: %p", in whole seconds and never too early', (retryAfterMs, seconds) => {
    for (const code of ['TENANT_BUSY', 'POOL_EXHAUSTED', 'SHUTTING_DOWN'] as const) {
      expect(headersOf(code, retryAfterMs)).toMatchObject({ 'retry-after': seconds });
    }
  });

  it('does not ask anybody to repeat what cannot succeed', () => {
    expect(headersOf('SCRIPT_ERROR')).not.toHaveProperty('retry-after');
    expect(headersOf('VM_CRASHED')).not.toHaveProperty('retry-after');
  });

  it('says how to authenticate', () => {
    expect(headersOf('UNAUTHENTICATED')).toMatchObject({ 'www-authenticate': 'Bearer' });
  });
});
