import type { BridgedExecution, WarmBridge } from '../../bridge/execution-bridge.ts';
import type { CompiledScript } from '../../compiler/compiled-script.ts';
import type { Unmetered } from '../script-runner.ts';

/** An execution that is to run in a warm realm. */
export interface WarmExecution {
  /** Of the script, with what else its realm is for. */
  readonly key: string;
  readonly execution: BridgedExecution;
  readonly script: CompiledScript;
  readonly inputJson: string;
  readonly bridge: WarmBridge;
  /** Whether it has waited already, for what is contributed to its context, and so may wait on. */
  readonly isLetIn: boolean;
}

/** The same, and who waits for it. */
export interface WarmInvocation extends WarmExecution {
  /** Who came before has a lower one. */
  readonly number: number;
  /** To be told when the execution is cancelled. */
  onCancel: () => void;
  resolve(result: Unmetered): void;
  reject(error: unknown): void;
}
