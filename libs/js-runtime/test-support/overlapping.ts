import type { JsRuntimeOptions } from '../src/config/options.schema.ts';
import type { JsRuntimeError } from '../src/errors/js-runtime-error.ts';
import type { ExecuteOptions } from '../src/execution/execute-options.ts';
import type { ExecutionResult } from '../src/execution/execution-result.ts';
import { EchoApi, HeldApi, type HeldCall } from './sample-apis.ts';
import { startRuntime, type TestRuntime } from './start-runtime.ts';

/** Waits for the test, or does what it is told to. */
export const BODY = `
  const before = [input, context.user.id];
  console.log('before', input);
  if (input === 'warm') return;
  if (input === 'fill') { const all = []; for (;;) all.push(new Array(1000).fill(0)); }
  if (input === 'sleep') await new Promise((resolve) => { setTimeout(resolve, 60_000); });
  const told = await held.patient(input);
  if (told === 'hang') for (;;);
  if (told === 'call and hang') { void held.patient('hanging'); for (;;); }
  if (told === 'fill') { const all = []; for (;;) all.push(new Array(1000).fill(0)); }
  if (told === 'burn') for (let n = 0; n < 5e8; n++);
  if (told.computeMs) { const until = Date.now() + told.computeMs; while (Date.now() < until); }
  if (told === 'wait') await held.patient('again');
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  console.log('after', input, told);
  return [before, [input, context.user.id], told];`;

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

export const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'OK',
    (error: unknown) => (error as JsRuntimeError).code,
  );

/** For each test that starts one, a runtime in whose VM invocations overlap; ended after it. */
export class Overlapping {
  runtime!: TestRuntime;

  constructor() {
    afterEach(async () => this.runtime.close());
  }

  readonly start = async (options: JsRuntimeOptions = {}): Promise<void> => {
    const one = { poolSize: 1, maxVms: 1, tenantQueueSize: 100, permissions: ['*'], warmMaxOverlap: 8 };
    this.runtime = await startRuntime({ ...one, ...options }, {}, [HeldApi, EchoApi]);
  };

  readonly warm = async (body: string, options: ExecuteOptions = {}, user = 'u'): Promise<ExecutionResult> => {
    const who = { tenant: { id: 'acme' }, user: { id: user } };
    return this.runtime.runAs(who, body, { realm: 'warm', wrap: 'function', ...options });
  };

  /** The calls of so many invocations, once all have been made. */
  readonly called = async (count: number): Promise<HeldCall[]> => {
    const calls: HeldCall[] = [];
    while (calls.length < count) calls.push(await this.held.made(calls.length));
    return calls;
  };

  get held(): HeldApi {
    return this.runtime.get(HeldApi);
  }
}
