/**
 * Removes what a script must not have: memory that the isolate's heap limit does not count (WebAssembly,
 * SharedArrayBuffer), a way to block the thread (Atomics), code that runs when its execution is long over
 * (FinalizationRegistry), and V8's own console.
 */
export function removeGlobals(): void {
  const remove = (name: string): void => {
    if (!Reflect.deleteProperty(globalThis, name)) throw new Error(`cannot remove ${name}`);
  };
  remove('WebAssembly');
  remove('SharedArrayBuffer');
  remove('Atomics');
  remove('FinalizationRegistry');
  remove('console');
}
