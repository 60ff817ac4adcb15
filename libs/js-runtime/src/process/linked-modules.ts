/** One `import`, and what it came to. */
export interface LinkedImport {
  readonly specifier: string;
  /** Name of the module that imports it. */
  readonly importer: string;
  /** What was found, as `CompiledScript.id`. */
  readonly id: string;
}

/** What a realm's modules import. */
export interface LinkedModules {
  /** The same for what comes to the same modules. */
  readonly version: string;
  /** Undefined for more than is worth keeping here. */
  readonly imports: readonly LinkedImport[] | undefined;
}
