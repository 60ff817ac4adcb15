/** What a VM made of a source, so that the other VMs of the tenant need not make it again. */
export interface Artifact {
  /** V8's code cache. Undefined for modules, for which isolated-vm takes none, and when it would be too large. */
  readonly codeCache: Uint8Array | undefined;
  /** The JavaScript that is run; undefined when that is the source itself. */
  readonly javascript: string | undefined;
  /** The specifiers that a module imports, each once; none for anything else. */
  readonly imports: readonly string[];
  /** CPU time that it took to make, in milliseconds. */
  readonly compileMs: number;
}
