import type { CompileOutcome, OutputLimits, ScriptHeader, VmMessage } from '../protocol/messages.ts';

export interface RunRequest {
  readonly script: ScriptHeader;
  readonly source: string;
  readonly contextJson: string;
  /** Empty for no input. */
  readonly inputJson: string;
  readonly codeCache: Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly limits: OutputLimits;
}

export type RunReply = Omit<VmMessage & { type: 'ran' }, 'type' | 'id'> & {
  readonly resultJson: string;
  readonly codeCache: Uint8Array | undefined;
};

export interface CompileReply {
  readonly outcome: CompileOutcome;
  readonly codeCache: Uint8Array | undefined;
}
