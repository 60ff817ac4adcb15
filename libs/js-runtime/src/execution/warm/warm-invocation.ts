import type { BridgedExecution, WarmBridge } from '../../bridge/execution-bridge.ts';
import type { CompiledScript } from '../../compiler/compiled-script.ts';
import type { Unmetered } from '../script-runner.ts';

/** An execution that is to run in a warm realm, and who waits for it. */
export interface WarmInvocation {
  /** Who came before has a lower one. */
  readonly number: number;
  readonly execution: BridgedExecution;
  readonly script: CompiledScript;
  readonly inputJson: string;
  readonly bridge: WarmBridge;
  /** To be told when the execution is cancelled. */
  onCancel: () => void;
  resolve(result: Unmetered): void;
  reject(error: unknown): void;
}
