import Decimal from 'decimal.js';

export default function workOut() {
  const Precise = Decimal.clone({ precision: 50, rounding: Decimal.ROUND_HALF_EVEN });
  let thrown;
  try {
    new Decimal('not a number');
  } catch (error) {
    thrown = error.message;
  }
  return [
    new Decimal('0.1').plus('0.2').toString(),
    new Precise(2).sqrt().toString(),
    new Precise(1).div(3).toFixed(30),
    Decimal.exp(1).toString(),
    new Decimal(255).toHexadecimal(),
    new Decimal('1e500').times(2).toString(),
    JSON.stringify({ d: new Decimal(5) }),
    `${new Decimal(7)}` + (new Decimal(1) + 1),
    new Decimal(10).cmp(9),
    Decimal.max(1, '3', new Decimal(2)).toNumber(),
    new Decimal(1.005).toDecimalPlaces(2).toString(),
    Decimal.sum(1, 2, 3).toString(),
    new Decimal(123.456).toFraction().toString(),
    new Decimal(5) instanceof Decimal,
    new Precise(0.5).sin().toString(),
    thrown,
  ];
}
