import type { ExecutionResult, JsRuntimeOptions } from 'nestjs-js-runtime';
import type { Library } from '../library.ts';
import type { BenchApi } from './bench-api.ts';

/** What a scenario has. */
export interface Stage {
  readonly library: Library;
  readonly api: BenchApi;
  /** Executions that go on while others are counted. */
  readonly background: Promise<ExecutionResult>[];
}

/** One kind of execution, of which it is counted what it costs. */
export interface Scenario {
  readonly options: JsRuntimeOptions & { readonly poolSize: number };
  /** Before all executions. */
  readonly begin?: (stage: Stage) => Promise<void>;
  /** Before each one: what it needs. */
  readonly prepare?: (stage: Stage, execution: number) => Promise<void>;
  /** What is counted, and nothing else. */
  readonly execute: (stage: Stage, execution: number) => Promise<ExecutionResult>;
  /** What the execution must come to: the script's value, or the code of the error. */
  readonly expected: (execution: number) => unknown;
  /** After each one. */
  readonly finish?: (stage: Stage) => Promise<void>;
}
