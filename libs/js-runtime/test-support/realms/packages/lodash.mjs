import _ from 'lodash';

export default function workOut() {
  const orders = _.range(20).map((id) => ({
    id,
    by: { name: `user ${id % 3}` },
    total: (id * 37) % 11,
    toString: 'own',
  }));
  const chained = _(orders)
    .filter('total')
    .groupBy('by.name')
    .mapValues((group) => _.sumBy(group, 'total'))
    .toPairs()
    .sortBy([1, 0])
    .value();
  const merged = _.merge(
    {},
    { a: [{ b: 2 }, { d: 4 }] },
    { a: [{ c: 3 }, { e: 5 }] },
    { constructor: 1, valueOf: { x: 1 } },
  );
  const curried = _.curry((a, b, c) => [a, b, c]);
  let debounced = 0;
  const once = _.once(() => ++debounced);
  once();
  once();
  return {
    chained,
    merged,
    cloned: _.cloneDeep({
      date: new Date(0),
      map: new Map([[1, { a: 1 }]]),
      set: new Set([1]),
      re: /a/g,
      bytes: new Uint8Array([1, 2]),
    }).map.get(1),
    equal: _.isEqual({ a: [1, { b: new Set([1]) }] }, { a: [1, { b: new Set([1]) }] }),
    set: _.set({}, 'a[0].b.toString', 1),
    get: _.get({ a: [{ b: 3 }] }, 'a[0].b'),
    curried: curried(1)(2)(3),
    bound: _.bind(
      function (x) {
        return this.y + x;
      },
      { y: 1 },
    )(2),
    names: [
      _.camelCase('foo bar-baz'),
      _.kebabCase('FooBar'),
      _.startCase('hello world'),
      _.deburr('déjà vu'),
      _.escape('<a&b>'),
    ],
    words: _.words('fred, barney, & pebbles'),
    padded: _.padStart('7', 3, '0'),
    unique: _.uniqWith([{ x: 1 }, { x: 1 }], _.isEqual),
    memoized: _.memoize((n) => n * 2)(4),
    partitioned: _.partition([1, 2, 3, 4], (n) => n % 2),
    flat: _.flattenDeep([1, [2, [3, [4]]]]),
    diff: _.differenceBy([2.1, 1.2], [2.3, 3.4], Math.floor),
    ordered: _.orderBy(orders, ['total', 'id'], ['desc', 'asc']).map(({ id }) => id),
    mixed: _.invokeMap(
      [
        [5, 1, 7],
        [3, 2, 1],
      ],
      'sort',
    ),
    types: [
      _.isPlainObject({}),
      _.isPlainObject(new Error('x')),
      _.isError(new TypeError('x')),
      _.isTypedArray(new Uint8Array()),
    ],
    attempted: _.attempt(() => {
      throw new RangeError('no');
    }).name,
    // It makes a function of text, which no realm allows.
    template: _.attempt(() => _.template('hello <%= user %>')({ user: 'a' })).name,
    throttled: typeof _.throttle(() => 1, 10),
    flow: _.flow([(a, b) => a + b, (n) => n * n])(1, 2),
    once: debounced,
  };
}
