import type { ScriptWrap } from '../protocol/messages.ts';

/** A source that is known to compile, for one tenant. Holds no machine code: that stays in the cache and in the VMs. */
export interface CompiledScript {
  /** The same for the same tenant, name, wrap and source. */
  readonly id: string;
  /** File name in stack traces. */
  readonly name: string;
  readonly wrap: ScriptWrap;
  readonly tenantId: string;
  readonly source: string;
  /** Size of the source in bytes of UTF-8. */
  readonly sourceBytes: number;
}

export interface CompileOptions {
  /** How the source is read. Default `script`. */
  readonly wrap?: ScriptWrap | undefined;
}
