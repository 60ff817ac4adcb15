import type { CompileOutcome, LogEntry, OutputLimits, RunOutcome, ScriptHeader } from '../protocol/messages.ts';
import type { MeteredUse, MeterLimits } from './run-meter.ts';

/** What a request may use of its VM. */
export interface RequestLimits extends MeterLimits {
  readonly timeoutMs: number;
}

export interface RunRequest {
  readonly script: ScriptHeader;
  readonly source: string;
  readonly contextJson: string;
  /** Empty for no input. */
  readonly inputJson: string;
  readonly codeCache: Uint8Array | undefined;
  readonly limits: RequestLimits & OutputLimits;
}

export interface RunReply extends MeteredUse {
  readonly outcome: RunOutcome;
  readonly logs: readonly LogEntry[];
  /** Heap of the isolate at the end, as the VM says. */
  readonly heapBytes: number;
  readonly resultJson: string;
  /** Of the result as JSON; 0 when there is none. */
  readonly resultBytes: number;
  readonly codeCache: Uint8Array | undefined;
}

export interface CompileRequest {
  readonly script: ScriptHeader;
  readonly source: string;
  readonly limits: RequestLimits;
}

export interface CompileReply {
  readonly outcome: CompileOutcome;
  readonly codeCache: Uint8Array | undefined;
}
