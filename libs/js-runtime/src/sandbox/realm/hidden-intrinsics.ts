/** Newer than the types that this is compiled with. */
declare const Iterator: { from(value: object): { map(toItem: () => void): unknown } };

/**
 * Objects that no global leads to, but the syntax or what a method returns. Each is enough to get from to its kind's prototypes,
 * which all of a realm's code shares.
 */
export function hiddenIntrinsics(): readonly unknown[] {
  const segments = new Intl.Segmenter().segment('');
  const strictArguments = (function () {
    // eslint-disable-next-line prefer-rest-params -- they are what it is about
    return arguments;
  })();
  return [
    function () {},
    function* () {},
    async function () {},
    async function* () {},
    // Its `callee` is %ThrowTypeError%.
    strictArguments,
    [].values(),
    new Map().values(),
    new Set().values(),
    ''[Symbol.iterator](),
    ''.matchAll(/./g),
    Iterator.from([]).map(() => {}),
    Iterator.from({ next() {} }),
    segments,
    segments[Symbol.iterator](),
    // V8's errors have the functions that get and set it as a property of their own.
    Reflect.getOwnPropertyDescriptor(new Error(), 'stack'),
  ];
}
