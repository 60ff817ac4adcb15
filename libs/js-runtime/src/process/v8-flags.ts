export interface V8Options {
  readonly stackSizeKb: number;
}

/** Flags of V8 in a VM process. Code that it compiled under some is of no use under others. */
export function v8FlagsOf({ stackSizeKb }: V8Options): readonly string[] {
  return [
    // Contexts are young garbage: in MB, the size at which making and collecting them took least (of 1, 2, 4, 8 and V8's own).
    '--max-semi-space-size=2',
    `--stack-size=${stackSizeKb}`,
    // One helper thread is as fast as four here, and each takes 8 MB of what the kernel counts as memory.
    '--v8-pool-size=1',
    // Or a second thread compiles what is hot faster than that is taken over: 1500 functions took 100 MB, now 10.
    '--no-concurrent-recompilation',
    // isolated-vm does not know of `import source`, and V8 then calls what is not there.
    '--no-js-source-phase-imports',
  ];
}
