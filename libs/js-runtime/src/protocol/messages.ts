/** How a source is to be read: as a classic script with a completion value, as the body of an async function, or as an ES module. */
export type ScriptWrap = 'script' | 'function' | 'module';

export type ScriptLanguage = 'javascript' | 'typescript';

/** A script or module as its VM process is told of it; the source itself is an attachment. */
export interface ScriptHeader {
  /** Identifies name, source, wrap and language within one tenant; the VM keeps its compiled form under this key. */
  readonly key: string;
  /** File name that stack traces show. */
  readonly name: string;
  readonly wrap: ScriptWrap;
}

/** A script, or one of the modules that are linked to be one. */
export interface UnitHeader extends ScriptHeader {
  /** Whether its source comes along, as JavaScript, and its code cache; else the VM is taken to hold it. */
  readonly hasCode: boolean;
  /** Length of its source in UTF-16 units, by which it is kept. */
  readonly sourceChars: number;
  /** What a module imports: each specifier, and the index of the unit that it stands for. */
  readonly imports: readonly (readonly [specifier: string, unit: number])[];
}

/** A VM hands over no code cache larger than this. */
export const MAX_CODE_CACHE_BYTES = 4 * 1024 * 1024;

/** Different specifiers that one module may import, and how long each may be. */
export const MAX_IMPORTS = 256;
export const MAX_SPECIFIER_CHARS = 512;

/**
 * What a process may have beyond its memory limit and what it had before. The limit is the isolate's heap; beside it V8
 * has its young generation, code and what it parses, and the process has the request, the result and their copies.
 */
export const MEMORY_ALLOWANCE_MB = 32;

/** How much of a heap's limit the warm realms in it may keep; with more, they go. */
export const MAX_WARM_SHARE = 1 / 2;

/** What the VM itself bounds before it copies anything out. All sizes in bytes of UTF-8. */
export interface OutputLimits {
  readonly maxResultBytes: number;
  readonly maxLogBytes: number;
  readonly maxLogEntries: number;
}

/** What a script may call. The realm itself lets out no more. */
export interface AllowedCalls {
  /** Functions beyond those that the process was started with, for this execution only. */
  readonly extraApis: readonly ApiHeader[];
  /** What calls of host APIs cost, together. */
  readonly maxApiCalls: number;
  readonly maxApiCallsInFlight: number;
  /** Of the arguments of one call as JSON. */
  readonly maxApiArgumentBytes: number;
}

/** A function that scripts may call, as the realm is told of it. */
export interface ApiHeader {
  /** `namespace.method` */
  readonly name: string;
  /** How much of `maxApiCalls` one call takes. */
  readonly cost: number;
  /** Whether the answer's `body` becomes `text()` and `json()`. */
  readonly body: boolean;
}

/** What the realm says of a call that it does not let out. */
export type RealmApiErrorCode = 'API_CALL_INVALID' | 'API_CALL_LIMIT_EXCEEDED';

/** What the backend answers a call with. The text is an attachment: the value as JSON, or `{ code, message, details? }`. */
export type CallAnswerKind = 'value' | 'undefined' | 'error';

/**
 * Backend → VM process. One request at a time; each is answered by exactly one {@link VmMessage} of the same `id`. Meanwhile a
 * `run` may have calls of host APIs, and those have their answers. Only invocations may wait in line; each is answered by a
 * `PlainAnswer` or a `ran`.
 */
export type HostMessage =
  /** Attachments: source. */
  | {
      readonly type: 'compile';
      readonly id: number;
      readonly script: ScriptHeader;
      readonly language: ScriptLanguage;
      readonly maxMemoryMb: number;
    }
  /** Links modules, and runs nothing. Attachments: for each unit that has code, the code and its cache. */
  | { readonly type: 'link'; readonly id: number; readonly units: readonly UnitHeader[]; readonly maxMemoryMb: number }
  /**
   * Attachments: context (JSON), input (JSON, empty when there is none), further globals (JSON of an object, empty when there are
   * none); for each unit that has code, the code and its cache.
   */
  | {
      readonly type: 'run';
      readonly id: number;
      /** The first is what is run; the others are what it imports, and what those do. */
      readonly units: readonly UnitHeader[];
      /** Number under which its realm, a hardened one, is kept to be invoked again. */
      readonly keep?: number | undefined;
      readonly timeoutMs: number;
      /** Heap limit of the isolate that it runs in; one that has another is replaced. */
      readonly maxMemoryMb: number;
      /** Only where nobody meters the process from outside; then it does so itself, as well as it can, and memory too. */
      readonly maxCpuMs?: number | undefined;
      /** Undefined when no call of a host API is answered. */
      readonly calls?: AllowedCalls | undefined;
      readonly limits: OutputLimits;
    }
  /**
   * Invokes warm realms without waiting for the answers to those before. They begin in this order; while some wait, others may begin
   * beside them, see `began`. Attachments: for each, its input (JSON, empty when there is none), after what its context has in common with others (JSON) where that is not what the realm was last given.
   */
  | { readonly type: 'invoke'; readonly realm: number; readonly items: readonly InvocationHeader[] }
  /** These invocations are not to begin any more, if they have not; `recalled` tells which. */
  | { readonly type: 'recall'; readonly ids: readonly number[] }
  /** This invocation, which has begun or is the next to, is not wanted any more. It is answered, mostly with `cancelled`. */
  | { readonly type: 'cancel'; readonly id: number }
  /** Lets a warm realm go. */
  | { readonly type: 'forget'; readonly realm: number }
  /** Answers a call of the `run` or the invocation of this id. Attachments: what {@link CallAnswerKind} says. */
  | { readonly type: 'answer'; readonly id: number; readonly call: number; readonly kind: CallAnswerKind }
  /** Replaces the isolate, so that the process may serve another tenant. */
  | { readonly type: 'reset'; readonly id: number }
  /** Runs a constant script in a fresh realm. */
  | { readonly type: 'check'; readonly id: number };

/**
 * Of one invocation. `deadlineMs` is what its script sees, `timeoutMs` what it may take; `common`: whether that comes along; `maxCpuMs`
 * only where nobody meters the process from outside.
 */
export type InvocationHeader = readonly [
  id: number,
  timeoutMs: number,
  executionId: string,
  deadlineMs: number,
  common: 0 | 1,
  maxCpuMs?: number,
];

export type LogLevel = 'log' | 'info' | 'warn' | 'error' | 'debug';

/** One call of the script's `console`. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
}

/** A thrown value or syntax error, flattened to text. The stack holds frames of the script only. */
export interface ScriptErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Name of the script or module that the position is in, where known. */
  readonly file?: string | undefined;
  /** 1-based position in it, where known. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Its own `code`, where that is a string. */
  readonly code?: string | undefined;
}

export type RunOutcome =
  /** The JSON text is attachment 0 of the frame. */
  | { readonly kind: 'value' }
  | { readonly kind: 'undefined' }
  /** `isApiError`: the very error that a call of a host API came to. */
  | { readonly kind: 'threw'; readonly error: ScriptErrorInfo; readonly isApiError?: boolean | undefined }
  | { readonly kind: 'not-compiled'; readonly error: ScriptErrorInfo }
  /** A unit came without code, and the VM does not hold it. Nothing was run. */
  | { readonly kind: 'not-held' }
  | { readonly kind: 'not-serializable'; readonly message: string }
  /** `bytes`: at least as many; a result far too large is not measured exactly. */
  | { readonly kind: 'result-too-large'; readonly bytes: number }
  /** `stack`: where the script was when it ran out of time. The isolate is replaced afterwards. */
  | { readonly kind: 'timed-out'; readonly stack: string }
  /** As `timed-out`, for `maxCpuMs`. */
  | { readonly kind: 'out-of-cpu'; readonly stack: string }
  /** It was asked for, and the invocation waited for something or had not begun. */
  | { readonly kind: 'cancelled' }
  /** Another invocation was interrupted in the isolate while this one waited, and it cannot go on. */
  | { readonly kind: 'lost' }
  /** The isolate hit its heap limit and is disposed. The process is finished afterwards. */
  | { readonly kind: 'out-of-memory' };

export type CompileOutcome =
  /** `imports`: the specifiers that a module imports, each once. */
  | { readonly kind: 'compiled'; readonly imports: readonly string[] }
  | { readonly kind: 'not-compiled'; readonly error: ScriptErrorInfo }
  /** As for a run. */
  | { readonly kind: 'not-held' }
  /** The parser of TypeScript ran out of stack, and is of no use any more. The process is finished afterwards. */
  | { readonly kind: 'parser-overflowed' }
  /** The isolate hit its heap limit and is disposed. The process is finished afterwards. */
  | { readonly kind: 'out-of-memory' };

/** VM process → backend. */
export type VmMessage =
  /** The process has an isolate and waits for work. */
  | { readonly type: 'ready' }
  /** The script of the `run` of this id calls a host API. `call`: a number that no call of it had before. Attachments: arguments (JSON array). */
  | { readonly type: 'call'; readonly id: number; readonly call: number; readonly api: string }
  /** Answers `run`. Attachments: result (JSON, empty when there is none). */
  | {
      readonly type: 'ran';
      readonly id: number;
      readonly outcome: RunOutcome;
      /** Indices of the units whose code cache V8 refused. */
      readonly refused: readonly number[];
      readonly logs: readonly LogEntry[];
      readonly cpuMs: number;
      readonly heapBytes: number;
    }
  /**
   * This invocation, the next in line, begins while others are under way. Sent before it does; without it, only the oldest that was not
   * answered may have begun.
   */
  | { readonly type: 'began'; readonly id: number }
  /** This invocation, one of several under way, goes on after it has waited; another was at it before. Sent before it does. */
  | { readonly type: 'woken'; readonly id: number }
  /** These invocations have not begun, and will not. */
  | { readonly type: 'recalled'; readonly ids: readonly number[] }
  /**
   * Answers `compile` and `link`. Attachments, for `compile`: code cache (or empty), and the JavaScript that TypeScript left (or
   * empty).
   */
  | { readonly type: 'compiled'; readonly id: number; readonly outcome: CompileOutcome; readonly cpuMs: number }
  /**
   * The realm for the next request is made; sent once after each answer, with the answer's id. `replaced`: in a new isolate,
   * which holds no scripts.
   */
  | { readonly type: 'recycled'; readonly id: number; readonly replaced: boolean }
  /**
   * After invocations: one was interrupted, or their realms had kept too much memory, so there is a new isolate, which holds nothing.
   */
  | { readonly type: 'replaced' }
  /** Answers `reset` and `check`. */
  | { readonly type: 'done'; readonly id: number };
