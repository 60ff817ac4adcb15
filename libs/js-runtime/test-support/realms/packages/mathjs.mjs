import { all, create } from 'mathjs';

const math = create(all, { randomSeed: 'fixed' });
const big = create(all, { number: 'BigNumber', precision: 40 });

export default function workOut() {
  const scope = { x: 3 };
  const f = math.compile('sqrt(x^2 + 4^2)');
  const parser = math.parser();
  parser.evaluate('g(a, b) = a ^ b - toString');
  let thrown;
  try {
    math.evaluate('1 + nothing');
  } catch (error) {
    thrown = [error.name, error.message];
  }
  math.import({ hello: (name) => `hello ${name}` }, { override: true });
  return [
    f.evaluate(scope),
    math.evaluate('[1, 2; 3, 4] * inv([1, 2; 3, 4])').toString(),
    math.evaluate('12.7 cm to inch').toString(),
    math.derivative('x^3 + sin(x)', 'x').toString(),
    math.simplify('3x + 2x').toString(),
    math.rationalize('2x/y - y/(x+1)').toString(),
    big.evaluate('1/3').toString(),
    math.format(math.complex(2, -3)),
    math.fraction(1, 3).add(1).toString(),
    math.det([
      [2, 1],
      [1, 3],
    ]),
    math.eigs([
      [2, 0],
      [0, 3],
    ]).values,
    math.random().toFixed(6),
    math.chain(3).add(4).multiply(2).done(),
    math.parse('a ? b : c(d)').toTex(),
    math.evaluate('hello("you")'),
    math.typed('f', { number: (n) => n * 2, string: (text) => text + '!' })('a'),
    math.bigint(3) + 4n + '',
    math.mean([1, 2, 3]),
    JSON.stringify(math.matrix([[1, 2]])),
    JSON.parse(JSON.stringify(math.unit('5 cm')), math.reviver).toString(),
    thrown,
  ];
}
