import type {
  AllowedCalls,
  CallAnswerKind,
  CompileOutcome,
  LogEntry,
  OutputLimits,
  RunOutcome,
  ScriptHeader,
  ScriptLanguage,
  UnitHeader,
} from '../protocol/messages.ts';
import type { KeepAs } from './kept-realm.ts';
import type { MeteredUse, MeterLimits } from './run-meter.ts';

/** What a request may use of its VM. */
export interface RequestLimits extends MeterLimits {
  readonly timeoutMs: number;
}

/** What is known of a script that a VM holds. */
export interface HeldScript {
  /** The specifiers that it imports, each once. */
  readonly imports: readonly string[];
  /** CPU time that compiling it took, in milliseconds. */
  readonly compileMs: number;
}

/** A script, or one of the modules that are linked to be one. */
export interface RunUnit extends ScriptHeader, Pick<UnitHeader, 'imports' | 'sourceChars'> {
  /** Left out when the VM holds the script. */
  readonly code?: UnitCode | undefined;
  readonly compileMs: number;
}

export interface UnitCode {
  /** JavaScript that was compiled before, by this VM or another of the tenant's. */
  readonly source: string;
  readonly codeCache: Uint8Array | undefined;
}

export interface LinkRequest {
  /** The first is what is run; the others are what it imports, and what those do. */
  readonly units: readonly RunUnit[];
  readonly limits: RequestLimits;
}

/** A script's call of a host API. */
export interface VmCall {
  /** As the VM says: nothing of it is to be believed. */
  readonly api: string;
  readonly argumentsJson: string;
  /**
   * Answers it, once. When nobody waits for the answer any more it is dropped.
   *
   * @param onSent called when the answer takes no more memory here
   */
  answer(answer: CallAnswer, onSent: () => void): void;
}

export interface CallAnswer {
  readonly kind: CallAnswerKind;
  /** JSON: the value, or `{ code, message, details? }`; empty for `undefined`. */
  readonly text: string;
}

/** What a script may call, and who answers. */
export interface RunCalls extends AllowedCalls {
  /** @throws ProtocolError for what no VM of ours calls; it is ended then */
  onCall(call: VmCall): void;
}

export interface RunRequest extends LinkRequest {
  readonly contextJson: string;
  /** Empty for no input. */
  readonly inputJson: string;
  /** JSON of an object with further globals; left out for none. */
  readonly globalsJson?: string | undefined;
  /** Left out when the script may call nothing. */
  readonly calls?: RunCalls | undefined;
  readonly limits: RequestLimits & OutputLimits;
  /** Its realm is a hardened one, and is kept to be invoked again. */
  readonly keepAs?: KeepAs | undefined;
}

export interface RunReply extends MeteredUse {
  /** `not-held`: nothing was run, and the VM does not hold everything that it was taken to hold. */
  readonly outcome: RunOutcome;
  readonly logs: readonly LogEntry[];
  /** Heap of the isolate at the end, as the VM says. */
  readonly heapBytes: number;
  readonly resultJson: string;
  /** Of the result as JSON; 0 when there is none. */
  readonly resultBytes: number;
  /** Keys of the units whose code cache V8 refused, and which were compiled instead. */
  readonly refused: readonly string[];
}

export interface CompileRequest {
  readonly script: ScriptHeader;
  readonly language: ScriptLanguage;
  readonly source: string;
  readonly limits: RequestLimits;
}

export interface CompileReply extends MeteredUse {
  readonly outcome: CompileOutcome;
  readonly codeCache: Uint8Array | undefined;
  /** Of TypeScript. */
  readonly javascript: string | undefined;
}

export interface LinkReply extends MeteredUse {
  readonly outcome: CompileOutcome;
}
