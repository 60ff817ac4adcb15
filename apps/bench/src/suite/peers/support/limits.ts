/** What untrusted scripts are given, where a peer can be told. */
export const TIMEOUT_MS = 30_000;
export const MEMORY_MB = 64;
export const MEMORY_BYTES = MEMORY_MB * 1024 * 1024;
