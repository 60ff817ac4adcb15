/** Injects the {@link CompiledOptions}. */
export const COMPILED_OPTIONS = Symbol('COMPILED_OPTIONS');
