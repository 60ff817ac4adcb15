/**
 * Takes away every way to turn a string into code: `eval` and the four function constructors, which are reachable
 * from any function of their kind through `constructor`. Runs before tenant code.
 */
export function disableCodeGeneration(): void {
  const EvalErrorIntrinsic = EvalError;
  const denied = (prototype: object | undefined): ((...args: unknown[]) => never) => {
    const replacement = function (): never {
      throw new EvalErrorIntrinsic('Code generation from strings is disabled');
    };
    // Keeps `fn instanceof fn.constructor` true.
    if (prototype) Reflect.defineProperty(replacement, 'prototype', { value: prototype, writable: false });
    return replacement;
  };
  const replaceConstructorOf = (sample: object): unknown => {
    const prototype = Reflect.getPrototypeOf(sample) as object;
    const replacement = denied(prototype);
    Reflect.defineProperty(prototype, 'constructor', { value: replacement, writable: true, configurable: true });
    return replacement;
  };
  const replacement = replaceConstructorOf(denied);
  Reflect.defineProperty(globalThis, 'Function', { value: replacement, writable: true, configurable: true });
  replaceConstructorOf(async function () {});
  replaceConstructorOf(function* () {});
  replaceConstructorOf(async function* () {});
  Reflect.defineProperty(globalThis, 'eval', { value: denied(undefined), writable: true, configurable: true });
}
