import type { AsyncResource } from 'node:async_hooks';
import type { BridgedExecution } from '../../bridge/execution-bridge.ts';
import type { CompiledScript } from '../../compiler/compiled-script.ts';
import type { Unmetered } from '../script-runner.ts';

/** An execution that is to run in a warm realm, and who waits for it. */
export interface WarmInvocation {
  readonly execution: BridgedExecution;
  readonly script: CompiledScript;
  readonly inputJson: string;
  /** In which its APIs run, whoever begins it. */
  readonly callersContext: AsyncResource;
  /** To be told when the execution is cancelled. */
  onCancel: () => void;
  resolve(result: Unmetered): void;
  reject(error: unknown): void;
}
